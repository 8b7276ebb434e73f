import { SampanError } from '../runtime/errors.ts'
import { DatabaseError, type DriverError, type Side, toDatabaseError } from './errors.ts'
import { withoutSecrets } from './secret-words.ts'
import type { Stage } from './wire/guarded-connection.ts'
import { diagnoseWire } from './wire-diagnosis.ts'

/** The rungs of a connection, in the order in which they are climbed. */
export type Rung = 'dns' | 'tcp' | 'tls' | 'login' | 'database'

/** A connection that was not made, and the rung at which it broke. */
export class ConnectError extends DatabaseError {
  readonly rung: Rung

  constructor(side: Side, rung: Rung, sqlState: string | null, fields: ConstructorParameters<typeof SampanError>[0]) {
    super(side, sqlState, fields)
    this.name = 'ConnectError'
    this.rung = rung
  }
}

/** What is wrong, and at which rung. */
export interface Diagnosis {
  readonly rung: Rung
  readonly code: string
  readonly message: string
  readonly remedy: string
  /** @default false */
  readonly retryable?: boolean
  /**
   * A login that the precheck has seen admitted: a secret may be under rotation, when the server has the new password for some seconds
   * before the secret has it (docs.aws.amazon.com/secretsmanager, rotation by a Lambda function: setSecret, testSecret, finishSecret).
   * @default false
   */
  readonly retryableBehindPrecheck?: boolean
}

/** What was tried. */
export interface Attempt {
  /** `host:port`. */
  readonly address: string
  /** Whether the password was a token of IAM. */
  readonly byIam: boolean
  /** How far it came. */
  readonly stage: Stage
}

/** Names the rung at which connecting broke. Only what can mend itself (DNS, TCP, a starting server) is retryable. */
export function toConnectError(thrown: unknown, side: Side, attempt: Attempt): SampanError {
  if (thrown instanceof SampanError) return thrown
  const error = (thrown ?? {}) as DriverError
  const found = diagnose(error, side, attempt)
  if (found === null) return toDatabaseError(thrown, side)
  const prefix = side === 'source' ? 'SRC' : 'DST'
  return new ConnectError(side, found.rung, error.code ?? null, {
    code: `${prefix}_${found.code}`,
    message: found.message,
    remedy: found.remedy,
    retryable: found.retryable ?? false,
    retryableBehindPrecheck: found.retryableBehindPrecheck ?? false,
    // A password that stays wrong is nothing to wait for half a day.
    kind: found.retryableBehindPrecheck ? 'other' : 'connection',
    cause: thrown,
  })
}

function diagnose(error: DriverError, side: Side, { address, byIam, stage }: Attempt): Diagnosis | null {
  const code = error.code ?? ''
  const text = withoutSecrets(error.message ?? '').split('\n', 1)[0] ?? ''
  const wire = diagnoseWire(error, text, side, address)
  if (wire !== null) return wire
  if (/^timeout expired/.test(text) && stage !== 'tcp') return timedOut(stage, side, address)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      rung: 'dns',
      code: 'CONNECT_DNS',
      message: `the name in ${address} of the ${side} does not resolve`,
      remedy: 'check the host name, and that the workers’ VPC resolves it (DNS hostnames, resolver rules)',
      retryable: true,
    }
  }
  if (['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code) || /^timeout expired/.test(text)) {
    return {
      rung: 'tcp',
      code: 'CONNECT_TCP',
      message: `${address} of the ${side} does not answer (${code || 'time-out'})`,
      remedy: 'check the port, that the instance runs, the security group or whitelist, and the route',
      retryable: true,
    }
  }
  if (code.startsWith('28')) return refusedLogin(code, text, side, byIam)
  // The driver’s own word, without a code: the server asks for a password, and there is none.
  if (/client password must be a/.test(text)) return refusedLogin('', 'it asks for a password', side, byIam)
  if (code === '08P01' && /startup parameter/.test(text)) {
    return {
      rung: 'login',
      code: 'LOGIN_PARAMETER_REFUSED',
      message: `the ${side} answered: ${text}`,
      remedy: `it is a pooler that takes no such setting: connect to the server itself, or let the pooler ignore it (ignore_startup_parameters)`,
    }
  }
  if (code === '3D000') {
    return {
      rung: 'database',
      code: 'DATABASE_MISSING',
      message: `the ${side} answered: ${text}`,
      remedy: 'mend the database’s name in the task, or create the database',
    }
  }
  return tlsProblem(code, text, side, address)
}

/** Something answers there, and does not go on. */
function timedOut(stage: 'tls' | 'login', side: Side, address: string): Diagnosis {
  const what = stage === 'tls' ? 'the TLS handshake' : 'the login'
  return {
    rung: stage,
    code: stage === 'tls' ? 'TLS_TIMED_OUT' : 'LOGIN_TIMED_OUT',
    message: `${address} of the ${side} takes connections, but ${what} did not end in time`,
    remedy: 'check that it is PostgreSQL that listens there, and that neither it nor a pooler before it is overloaded',
    retryable: true,
  }
}

/** The server’s words tell these apart and nothing else does; in another language than English all are LOGIN_REFUSED. */
function refusedLogin(code: string, text: string, side: Side, byIam: boolean): Diagnosis {
  const said = `the ${side} refused the login: ${text}`
  if (code === '28000' && /no pg_hba\.conf entry.*(no encryption|SSL off)/.test(text)) {
    return {
      rung: 'tls',
      code: 'TLS_REQUIRED',
      message: said,
      remedy: `the server lets nobody in without TLS (rds.force_ssl): take tls.mode "disable" out of the ${side}`,
    }
  }
  if (code === '28000' && /requires a valid client certificate/.test(text)) {
    return {
      rung: 'tls',
      code: 'TLS_CLIENT_CERTIFICATE_MISSING',
      message: said,
      remedy: `give ${side}.tls.certificate and ${side}.tls.key, signed by an authority that the server trusts`,
    }
  }
  if (code === '28000' && /certificate authentication failed/.test(text)) {
    return {
      rung: 'login',
      code: 'TLS_CLIENT_CERTIFICATE_OF_ANOTHER',
      message: said,
      remedy: 'the certificate’s common name must be the user, or be mapped to it (pg_ident.conf)',
    }
  }
  if (byIam) {
    return {
      rung: 'login',
      code: 'IAM_LOGIN_REFUSED',
      message: said,
      remedy:
        'check: IAM authentication is on at the instance, the user has the role rds_iam, the credentials may rds-db:connect ' +
        'as it, and host is the instance’s own endpoint',
      retryableBehindPrecheck: true,
    }
  }
  return {
    rung: 'login',
    code: 'LOGIN_REFUSED',
    message: said,
    remedy: 'check user and password, and what pg_hba.conf of the server lets in',
    retryableBehindPrecheck: true,
  }
}

function tlsProblem(code: string, text: string, side: Side, address: string): Diagnosis | null {
  const failed = (what: string, why: string, remedy: string): Diagnosis => ({
    rung: 'tls',
    code: what,
    message: `the TLS handshake with ${address} of the ${side} failed: ${why} (${code || text})`,
    remedy,
  })
  if (/does not support SSL/i.test(text)) {
    return {
      rung: 'tls',
      code: 'TLS_NOT_OFFERED',
      message: `${address} of the ${side} offers no TLS`,
      remedy: 'switch TLS on at the server, or allow a plain connection by tls.mode "disable"',
    }
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const remedy = 'connect by the name in the certificate, or set tls.mode "verify-ca"'
    return failed('TLS_WRONG_HOST', 'its certificate is for another host', remedy)
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return failed('TLS_EXPIRED', 'its certificate, or its authority’s, has expired', 'renew the server’s certificate')
  }
  if (code === 'CERT_NOT_YET_VALID') {
    const remedy = 'check the clocks of both machines, or wait until the certificate is valid'
    return failed('TLS_NOT_YET_VALID', 'its certificate is not valid yet', remedy)
  }
  if (/^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|INVALID_CA)/.test(code)) {
    const remedy = 'give the authority’s certificate as tls.ca ("rds" for Amazon RDS)'
    return failed('TLS_UNKNOWN_CA', 'nobody whom the task trusts has signed its certificate', remedy)
  }
  // An alert is the server’s word about what it was shown: the client certificate.
  if (/^ERR_SSL_.*ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE|UNSUPPORTED_CERTIFICATE|DECRYPT_ERROR)/.test(code)) {
    const remedy = 'give a certificate signed by an authority that the server trusts, and not expired'
    return failed('TLS_CLIENT_CERTIFICATE_REFUSED', 'the server does not take the client certificate', remedy)
  }
  if (
    /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|HOSTNAME_MISMATCH|EPROTO)/.test(code) ||
    /establishing an SSL connection/i.test(text)
  ) {
    return failed('TLS_HANDSHAKE', 'it was broken off', 'check protocol versions and ciphers of both ends')
  }
  return null
}
