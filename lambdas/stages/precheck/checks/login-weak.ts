import type { Side } from '../../../core/postgres/errors.ts'
import { type Check, passed } from '../check.ts'
import type { CheckContext } from '../context.ts'

/** From here on a server stores a new password for SCRAM, unless it is told otherwise. */
const SCRAM_BY_DEFAULT = 140_000

const session = (context: CheckContext, side: Side) => (side === 'source' ? context.source : context.destinationServer)

const prefix = (side: Side) => (side === 'source' ? 'SRC' : 'DST')

/** Only old versions need MD5: to others it is a warning, to them a remark. */
const md5 = (side: Side, old: boolean): Check => ({
  code: `${prefix(side)}_LOGIN_MD5${old ? '_OLD' : ''}`,
  side,
  level: old ? 'info' : 'warning',
  scope: 'task',
  needs: [side],
  title: old
    ? `the ${side}, of a version before 14, has the account’s password for SCRAM`
    : `the ${side} has the account’s password for SCRAM`,
  cause: `the ${side} asks for the password by MD5: who listens can guess it, and who reads the server’s table can log in by it`,
  remedy: `SET password_encryption = 'scram-sha-256' on the ${side}, and set the account’s password anew`,
  async run(context) {
    const { loginMethod, serverVersion } = session(context, side)
    return loginMethod === 'md5' && serverVersion < SCRAM_BY_DEFAULT === old ? [{ cause: this.cause }] : passed
  },
})

/** A server that asks for nothing proves nothing: whatever stands there is believed to be it. */
const notAsked = (side: Side): Check => ({
  code: `${prefix(side)}_LOGIN_NOT_ASKED`,
  side,
  level: 'info',
  scope: 'task',
  needs: [side],
  title: `the ${side} asks for the password, or has shown a certificate`,
  cause: `the ${side} lets in without asking for the password, and no certificate shows that it is the right server`,
  remedy: 'let pg_hba.conf of the server ask by scram-sha-256, or tls.mode be "verify-full"',
  async run(context) {
    const { mode } = context.event.task[side].tls
    const proved = mode === 'verify-full' || mode === 'verify-ca'
    return session(context, side).loginMethod === 'none' && !proved ? [{ cause: this.cause }] : passed
  },
})

export const loginChecks: readonly Check[] = (['source', 'destination'] as const).flatMap((side) => [
  md5(side, false),
  md5(side, true),
  notAsked(side),
])
