/**
 * What may be wrong with what a server sends, each a code of its own with `SRC_` or `DST_` before it (connect-errors.ts and
 * errors.ts map it).
 */
export type WireProblemCode =
  | 'PROTOCOL_VIOLATED'
  | 'PASSWORD_IN_CLEAR'
  | 'LOGIN_METHOD_UNSUPPORTED'
  | 'LOGIN_UNPROVEN'
  | 'LOGIN_ITERATIONS'

/** Thrown where a server breaks the protocol or asks for what it must not get. It never quotes what was sent. */
export class WireProblem extends Error {
  readonly problem: WireProblemCode

  constructor(problem: WireProblemCode, message: string) {
    super(message)
    this.name = 'WireProblem'
    this.problem = problem
  }
}

export function violated(message: string): WireProblem {
  return new WireProblem('PROTOCOL_VIOLATED', message)
}
