import { SampanError } from '../runtime/errors.ts'
import { DatabaseError, type DriverError, type Side, toDatabaseError } from './errors.ts'

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

interface Diagnosis {
  readonly rung: Rung
  readonly code: string
  readonly message: string
  readonly remedy: string
  readonly retryable: boolean
}

/** Names the rung at which connecting broke. Only what can mend itself (DNS, TCP, a starting server) is retryable. */
export function toConnectError(thrown: unknown, side: Side, address: string): SampanError {
  if (thrown instanceof SampanError) return thrown
  const error = (thrown ?? {}) as DriverError
  const found = diagnose(error, side, address)
  if (found === null) return toDatabaseError(thrown, side)
  const prefix = side === 'source' ? 'SRC' : 'DST'
  return new ConnectError(side, found.rung, error.code ?? null, {
    code: `${prefix}_${found.code}`,
    message: found.message,
    remedy: found.remedy,
    retryable: found.retryable,
    kind: 'connection',
    cause: thrown,
  })
}

function diagnose(error: DriverError, side: Side, address: string): Diagnosis | null {
  const code = error.code ?? ''
  const text = (error.message ?? '').split('\n', 1)[0] ?? ''
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
  if (/does not support SSL/i.test(text)) {
    return {
      rung: 'tls',
      code: 'TLS_NOT_OFFERED',
      message: `${address} of the ${side} offers no TLS`,
      remedy: 'switch TLS on at the server, or allow a plain connection by tls.mode "disable"',
      retryable: false,
    }
  }
  if (isCertificateProblem(code, text)) {
    return {
      rung: 'tls',
      code: certificateCode(code),
      message: `the TLS handshake with ${address} of the ${side} failed: ${code || text}`,
      remedy: 'check tls.ca, the host name in the certificate, its validity, and the client certificate',
      retryable: false,
    }
  }
  if (code.startsWith('28')) {
    return {
      rung: 'login',
      code: 'LOGIN_REFUSED',
      message: `the ${side} refused the login: ${text}`,
      remedy: 'check user and password; "no pg_hba.conf entry … no encryption" asks for TLS (rds.force_ssl)',
      retryable: false,
    }
  }
  if (code === '3D000') {
    return {
      rung: 'database',
      code: 'DATABASE_MISSING',
      message: `the ${side} answered: ${text}`,
      remedy: 'mend the database’s name in the task, or create the database',
      retryable: false,
    }
  }
  return null
}

function isCertificateProblem(code: string, text: string): boolean {
  return (
    /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME_MISMATCH|EPROTO)/.test(code) ||
    /certificate|establishing an SSL connection/i.test(text)
  )
}

function certificateCode(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'TLS_WRONG_HOST'
  if (code === 'CERT_HAS_EXPIRED') return 'TLS_EXPIRED'
  if (/^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_UNTRUSTED)/.test(code)) return 'TLS_UNKNOWN_CA'
  return 'TLS_HANDSHAKE'
}
