import type { Diagnosis } from './connect-errors.ts'
import type { DriverError, Side } from './errors.ts'
import { WireProblem, type WireProblemCode } from './wire/wire-problem.ts'

/** What the guards, or the driver's own SCRAM, ended a login with; null where it was something else. */
export function diagnoseWire(error: DriverError, text: string, side: Side, address: string): Diagnosis | null {
  const problem = error instanceof WireProblem ? error.problem : problemOfScram(text)
  if (problem === null) return null
  const why = error instanceof WireProblem ? error.message : SCRAM_WORDS[problem]
  return {
    rung: 'login',
    code: problem,
    message: `${address} of the ${side}: ${why ?? 'its answers are none of PostgreSQL’s'}`,
    remedy: remedies[problem](side),
  }
}

const SCRAM_WORDS: Partial<Record<WireProblemCode, string>> = {
  LOGIN_UNPROVEN: 'it does not prove that it knows the password',
  LOGIN_ITERATIONS: 'it asks for more rounds of hashing than any server needs',
  LOGIN_METHOD_UNSUPPORTED: 'it asks for a SASL mechanism other than SCRAM-SHA-256',
}

/** The driver's errors of SCRAM have no code. A missing password and the server's refusal are told elsewhere. */
function problemOfScram(text: string): WireProblemCode | null {
  if (!text.startsWith('SASL: ') || /client password must be a|server returned error/.test(text)) return null
  if (text.startsWith('SASL: Only mechanism')) return 'LOGIN_METHOD_UNSUPPORTED'
  if (/server signature/.test(text)) return 'LOGIN_UNPROVEN'
  return /scramMaxIterations/.test(text) ? 'LOGIN_ITERATIONS' : 'PROTOCOL_VIOLATED'
}

const remedies: Readonly<Record<WireProblemCode, (side: Side) => string>> = {
  PROTOCOL_VIOLATED: () =>
    'check host and port: it must be a PostgreSQL server that listens there, not a web server or another service',
  PASSWORD_IN_CLEAR: (side) =>
    `let ${side}.tls.mode be "verify-full" (with the server’s authority as tls.ca), or the server ask by scram-sha-256`,
  LOGIN_METHOD_UNSUPPORTED: () => 'let pg_hba.conf of the server ask this account by scram-sha-256',
  LOGIN_UNPROVEN: (side) =>
    `it may be another server that only passes for this one: check host and port, and let ${side}.tls.mode be "verify-full"`,
  LOGIN_ITERATIONS: () => 'set scram_iterations of the server to at most 1000000 and the password anew',
}
