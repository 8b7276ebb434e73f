import type { Side } from '../../../core/postgres/errors.ts'
import { type Check, passed } from '../check.ts'
import type { DocumentedCode } from '../check-description.ts'
import { CannotRun } from '../context.ts'

const check = (side: Side): Check => {
  const prefix = side === 'source' ? 'SRC' : 'DST'
  const codes = rungs(prefix, side)
  const known = new Set(codes.map((one) => one.code))
  return {
    code: `${prefix}_CONNECT`,
    side,
    level: 'error',
    scope: 'database',
    needs: [],
    title: `the ${side} is reached, and lets Sampan’s account in`,
    cause: `no session in the database of the ${side} came about, for the reason told`,
    remedy: 'do what the reason says',
    codes,
    async run({ connections }) {
      const connection = connections[side]
      if (connection.kind === 'open') return passed
      const { error } = connection
      if (!connection.tried) {
        throw new CannotRun('prerequisite', `not tried: ${error.code} already at another of its databases`)
      }
      return [
        {
          ...(known.has(error.code) ? { code: error.code } : {}),
          cause: known.has(error.code) ? error.message : `${error.code}: ${error.message}`,
          remedy: error.remedy,
        },
      ]
    },
  }
}

/** The rungs of a connection, in the order in which they are climbed (see connect-errors.ts of the postgres room). */
function rungs(prefix: string, side: Side): readonly DocumentedCode[] {
  const code = (name: string, cause: string, remedy: string) => ({ code: `${prefix}_${name}`, cause, remedy })
  return [
    code(
      'CONNECT_DNS',
      `the host name of the ${side} does not resolve`,
      'check the host name, and that the workers’ VPC resolves it',
    ),
    code(
      'CONNECT_TCP',
      `nothing answers at host and port of the ${side}`,
      'check the port, that the instance runs, the security group or whitelist, and the route',
    ),
    code(
      'CONNECTION_LOST',
      `the ${side} broke the connection off: it starts, it stops, or it has no connection left`,
      'wait until the server is up, or free connections, then start again',
    ),
    code(
      'TOO_MANY_CONNECTIONS',
      `the ${side} has no connection left for the account: the role’s, the database’s or the server’s limit is reached`,
      'end idle sessions, or raise the limit: ALTER ROLE … CONNECTION LIMIT, ALTER DATABASE …, max_connections',
    ),
    code(
      'TLS_NOT_OFFERED',
      `the ${side} speaks no TLS, and the task asks for it`,
      'switch TLS on at the server, or allow a plain connection by tls.mode "disable"',
    ),
    code(
      'TLS_UNKNOWN_CA',
      `the certificate of the ${side} is not signed by an authority that the task trusts`,
      'give the authority’s certificate as tls.ca ("rds" for Amazon RDS)',
    ),
    code(
      'TLS_WRONG_HOST',
      `the certificate of the ${side} is for another host name`,
      'connect by the name in the certificate, or set tls.mode "verify-ca"',
    ),
    code('TLS_EXPIRED', `the certificate of the ${side} has expired`, 'renew the server’s certificate'),
    code(
      'TLS_NOT_YET_VALID',
      `the certificate of the ${side} is not valid yet`,
      'check the clocks of both machines, or wait until it is',
    ),
    code(
      'TLS_REQUIRED',
      `the ${side} lets nobody in without TLS, and the task says tls.mode "disable"`,
      'take tls.mode "disable" out of the task (rds.force_ssl is 1 by default from PostgreSQL 15 on)',
    ),
    code(
      'TLS_CLIENT_CERTIFICATE_MISSING',
      `the ${side} asks for a client certificate, and the task gives none`,
      'give tls.certificate and tls.key, signed by an authority that the server trusts',
    ),
    code(
      'TLS_CLIENT_CERTIFICATE_REFUSED',
      `the ${side} does not take the client certificate: its authority is unknown there, or it has expired`,
      'give a certificate signed by an authority that the server trusts',
    ),
    code(
      'TLS_CLIENT_CERTIFICATE_OF_ANOTHER',
      `the client certificate stands for another user of the ${side}`,
      'the certificate’s common name must be the user, or be mapped to it (pg_ident.conf)',
    ),
    code(
      'TLS_FILE_UNREADABLE',
      `a file that tls of the ${side} names cannot be read`,
      'correct the path; on AWS give {"secret": …} instead',
    ),
    code(
      'TLS_CA_INVALID',
      `tls.ca of the ${side} holds no certificate`,
      'give the authority’s certificate as PEM text',
    ),
    code('TLS_CERTIFICATE_INVALID', `tls.certificate of the ${side} is no certificate`, 'give it as PEM text'),
    code('TLS_CERTIFICATE_EXPIRED', `tls.certificate of the ${side} has expired`, 'have it renewed'),
    code('TLS_KEY_INVALID', `tls.key of the ${side} is no private key`, 'give the private key as PEM text'),
    code(
      'TLS_KEY_PASSWORD_WRONG',
      `tls.keyPassword of the ${side} is missing or does not open tls.key`,
      'correct tls.keyPassword',
    ),
    code(
      'TLS_KEY_MISMATCH',
      `tls.key of the ${side} is not the key of tls.certificate`,
      'give the key that the certificate is for',
    ),
    code(
      'TLS_HANDSHAKE',
      `the TLS handshake with the ${side} failed otherwise`,
      'check protocol versions and ciphers of both ends',
    ),
    code(
      'TLS_TIMED_OUT',
      `the ${side} takes connections, but its TLS handshake does not end`,
      'check that it is PostgreSQL that listens there, and that it is not overloaded',
    ),
    code(
      'LOGIN_TIMED_OUT',
      `the ${side} takes connections, but its login does not end`,
      'check that it is PostgreSQL that listens there, and that neither it nor a pooler before it is overloaded',
    ),
    code(
      'PROTOCOL_VIOLATED',
      `what answers at the ${side} does not speak PostgreSQL’s protocol, or breaks it`,
      'check host and port: it must be a PostgreSQL server that listens there',
    ),
    code(
      'PASSWORD_IN_CLEAR',
      `the ${side} asks for the password in clear, over a connection on which nobody knows who it is`,
      'let tls.mode be "verify-full", with the server’s authority as tls.ca, or the server ask by scram-sha-256',
    ),
    code(
      'LOGIN_METHOD_UNSUPPORTED',
      `the ${side} asks for a login by GSSAPI, SSPI or another way that Sampan has not`,
      'let pg_hba.conf of the server ask this account by scram-sha-256',
    ),
    code(
      'LOGIN_UNPROVEN',
      `the ${side} does not prove that it knows the password itself: another server may pass for it`,
      'check host and port, and let tls.mode be "verify-full"',
    ),
    code(
      'LOGIN_ITERATIONS',
      `the ${side} asks for more than a million rounds of hashing the password`,
      'set scram_iterations of the server to at most 1000000, and the password anew',
    ),
    code(
      'POOLED',
      `a pooler stands before the ${side} that shares its connections between sessions, or RDS Proxy: views and locks do not hold`,
      'connect to the server itself, or to a pool in session mode',
    ),
    code(
      'LOGIN_PARAMETER_REFUSED',
      `a pooler before the ${side} does not take a setting that every client sends`,
      'connect to the server itself, or let the pooler ignore the setting',
    ),
    code(
      'LOGIN_REFUSED',
      `the ${side} refuses user, password or this way of connecting`,
      'check user and password, and what pg_hba.conf of the server lets in',
    ),
    ...(side === 'source'
      ? [
          code(
            'IAM_LOGIN_REFUSED',
            'the source refuses the token of IAM',
            'check: IAM authentication is on, the user has rds_iam, and the credentials may rds-db:connect as it',
          ),
          code(
            'DATABASE_MISSING',
            'the source has no database of this name',
            'mend the name in the task; upper and lower case count',
          ),
        ]
      : []),
  ]
}

export const sourceConnect = check('source')
export const destinationConnect = check('destination')
