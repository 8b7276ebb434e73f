import type { Side } from '../../postgres/errors.ts'
import { type Check, type DocumentedCode, passed } from '../check.ts'
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
    async run({ connections, database, everyDatabase }) {
      const connection = connections[side]
      if (connection.kind === 'open') return passed
      const { error } = connection
      if (connection.shared && everyDatabase[0]?.database !== database) {
        throw new CannotRun('prerequisite', `not tried: ${error.code} already at the first database`)
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
      'TLS_HANDSHAKE',
      `the TLS handshake with the ${side} failed otherwise`,
      'check protocol versions and the client certificate',
    ),
    code(
      'LOGIN_REFUSED',
      `the ${side} refuses user, password or this way of connecting`,
      'check user and password; "no pg_hba.conf entry … no encryption" asks for TLS (rds.force_ssl)',
    ),
    ...(side === 'source'
      ? [
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
