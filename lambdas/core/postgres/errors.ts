import type { DatabaseError as DatabaseAnswer } from 'pg'
import { SampanError } from '../runtime/errors.ts'
import { withoutSecrets } from './secret-words.ts'
import { WireProblem } from './wire/wire-problem.ts'

/** Which of the two servers an error came from; codes start with it. */
export type Side = 'source' | 'destination'

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNABORTED',
  'ENETDOWN',
  'ENETRESET',
  'EHOSTDOWN',
  'EPROTO',
])

/** Node's own codes of a socket that is gone, or whose TLS records were broken on their way. */
const BROKEN_SOCKET = /^ERR_(SSL|STREAM|SOCKET)_/

/** Shutdown, crash recovery, starting up, and no free connection slot: the server comes back. */
const RETURNING_SERVER = new Set(['57P01', '57P02', '57P03', '53300'])

/** What an error of the driver, the socket or the server looks like; every field may be missing. */
export interface DriverError {
  readonly code?: string
  readonly message?: string
  readonly severity?: string
  readonly detail?: string
  readonly where?: string
  readonly routine?: string
}

/** A failure of a statement or of a connection, with its SQLSTATE or socket code. */
export class DatabaseError extends SampanError {
  readonly side: Side
  /** SQLSTATE, or the socket's code, or null where the driver gave neither. */
  readonly sqlState: string | null

  constructor(side: Side, sqlState: string | null, fields: ConstructorParameters<typeof SampanError>[0]) {
    super(fields)
    this.name = 'DatabaseError'
    this.side = side
    this.sqlState = sqlState
  }
}

/**
 * Maps whatever the driver threw, once. The server's message is kept (it names objects), DETAIL, HINT and CONTEXT are not:
 * they can hold row values ("Key (email)=(a@b.c) already exists", "COPY users, line 3: …").
 */
export function toDatabaseError(thrown: unknown, side: Side): SampanError {
  if (thrown instanceof SampanError) return thrown
  if (thrown instanceof WireProblem) return toProtocolError(thrown, side)
  const error = (thrown ?? {}) as DriverError
  const state = typeof error.code === 'string' ? error.code : null
  const prefix = side === 'source' ? 'SRC' : 'DST'
  const text = withoutValues(error.message ?? String(thrown), state, error.routine)
  if (state === 'SP001') {
    return new DatabaseError(side, state, {
      code: 'RUN_SEALED',
      message: text,
      remedy:
        'nothing is lost: a completed migration is not written to again; its report is that of the start which completed it',
    })
  }
  if (state === 'SP007') {
    return new DatabaseError(side, state, { code: 'RUN_TAKEN_OVER', message: text, remedy: TAKEN_OVER_REMEDY })
  }
  if (state === 'SP008') {
    return new DatabaseError(side, state, {
      code: 'REPAIR_TAKEN_OVER',
      message: text,
      remedy: 'nothing was written: let the other repair come to its end, then compare again',
    })
  }
  if (state === 'SP009' || (side === 'destination' && UNKNOWN_RELATION.test(state ?? '') && OF_LEDGER.test(text))) {
    return new DatabaseError(side, state, {
      code: 'LEDGER_DAMAGED',
      message: state === 'SP009' ? text : `the ledger lacks what it had: ${text}`,
      remedy: DAMAGED_REMEDY,
    })
  }
  if (state === 'SP011') {
    return new DatabaseError(side, state, {
      code: 'DST_TABLE_FILLED',
      message: text,
      remedy:
        'none of the run’s rows are in it: keep a copy of what was written, find who writes there and stop that, empty the table and start the task again',
    })
  }
  if (state === 'SP013') {
    return new DatabaseError(side, state, {
      code: 'DST_TABLE_STRICTER',
      message: text,
      remedy: 'none of these rows came: drop it on the destination for the time of the run, then start the task again',
    })
  }
  if (state === 'SP015') {
    return new DatabaseError(side, state, {
      code: 'DST_TABLE_KEYLESS',
      message: text,
      remedy: 'nothing more came: make the key again, of the same columns, then start the task again',
    })
  }
  if (state === 'SP014') {
    return new DatabaseError(side, state, {
      code: 'DST_ROWS_REFERRED',
      message: `${text}, and would take these along where they are copied again in a newer view`,
      remedy:
        'drop that foreign key on the destination for the time of the run, then start the task again; add it again behind the run',
    })
  }
  if (state === '53300') {
    return new DatabaseError(side, state, {
      code: `${prefix}_TOO_MANY_CONNECTIONS`,
      message: `the ${side} has no free connection: ${text}`,
      remedy: `nothing to do while the retry window is open; end idle sessions of the ${side}, raise max_connections, or give the task fewer lanes`,
      retryable: true,
      kind: 'connection',
      cause: thrown,
    })
  }
  if (isConnectionLoss(state, text)) {
    return new DatabaseError(side, state, {
      code: `${prefix}_CONNECTION_LOST`,
      message: `the connection to the ${side} failed: ${text}`,
      remedy: `nothing to do while the retry window is open; check that the ${side} is up and reachable`,
      retryable: true,
      kind: 'connection',
      cause: thrown,
    })
  }
  return answered(thrown, side, state, text)
}

export const TAKEN_OVER_REMEDY =
  'nothing is lost: what this start has done is kept; watch the newer one, and where that has ended, start the task again'

/** What the ledger has forgotten is not to be had again: what is copied, and what is not, only a new run tells for certain. */
export const DAMAGED_REMEDY =
  'on the destination drop the schema "sampan" and what the run has made there, or give the task an empty database; then start it again'

/** A relation, or a schema, that is not there. */
const UNKNOWN_RELATION = /^(42P01|3F000)$/
/** Quoted by the server, in whatever language. */
const OF_LEDGER = /\bsampan\b/

/** An error of the statement alone, whatever its SQLSTATE: the session has been seen to be alive behind it. */
export function toStatementError(thrown: DatabaseAnswer, side: Side): DatabaseError {
  const state = thrown.code ?? null
  return answered(thrown, side, state, withoutValues(thrown.message, state, thrown.routine))
}

function answered(thrown: unknown, side: Side, state: string | null, text: string): DatabaseError {
  return new DatabaseError(side, state, {
    code: `${side === 'source' ? 'SRC' : 'DST'}_SQL_${state ?? 'UNKNOWN'}`,
    message: `the ${side} answered: ${text}`,
    remedy: remedyFor(state, side),
    retryable: true,
    kind: 'other',
    cause: thrown,
  })
}

/** In the middle of a session it may be what stands between: another connection may be better. */
function toProtocolError(thrown: WireProblem, side: Side): SampanError {
  return new DatabaseError(side, null, {
    code: `${side === 'source' ? 'SRC' : 'DST'}_${thrown.problem}`,
    message: `the ${side} does not keep to PostgreSQL’s protocol: ${thrown.message}`,
    remedy: `nothing of it was used; check what stands between Sampan and the ${side}: a proxy, a pooler, a relay`,
    retryable: true,
    cause: thrown,
  })
}

/**
 * Connection loss, by class and never by wording, with one exception: `pg` gives no code to "Connection terminated" and
 * to its own connection time-out.
 */
function isConnectionLoss(code: string | null, message: string): boolean {
  if (code === null) return /^Connection terminated|^timeout expired|^Client has encountered|socket/i.test(message)
  return SOCKET_CODES.has(code) || BROKEN_SOCKET.test(code) || code.startsWith('08') || RETURNING_SERVER.has(code)
}

/** A statement that somebody cancelled, or a time-out of the session. */
export function isCancelled(thrown: unknown): boolean {
  return thrown instanceof DatabaseError && thrown.sqlState === '57014'
}

/**
 * Why a session's settings were not set. Where somebody has cancelled them, the session is of no use and nothing else is wrong:
 * that is a lost connection, and another one is opened.
 */
export function toSettingsError(thrown: unknown, side: Side): SampanError {
  const error = toDatabaseError(thrown, side)
  if (!isCancelled(error)) return error
  return new DatabaseError(side, null, {
    code: `${side === 'source' ? 'SRC' : 'DST'}_CONNECTION_LOST`,
    message: `the settings of a session that had just begun were cancelled on the ${side}`,
    remedy: 'nothing to do while the retry window is open',
    retryable: true,
    kind: 'connection',
    cause: thrown,
  })
}

/** A class of our own: what the ledger's functions and our statements raise names objects only. */
const OWN_STATE = /^SP0\d\d$/

/** What a function of the database says for itself. */
const WITHHELD = 'a function of the database raised an error (its words are withheld: they may quote a row)'

/**
 * The first line of a server's message, without values of rows. Data errors (class 22) quote them, sometimes over several
 * lines: "invalid input syntax for type integer: "4111 1111"". What RAISE, ASSERT or a function in another language says is
 * up to its author. Everything else names objects only; PostgreSQL keeps values to DETAIL and CONTEXT.
 */
function withoutValues(message: string, state: string | null, routine: string | undefined): string {
  const spoken = routine === 'exec_stmt_raise' || routine === 'exec_stmt_assert'
  if (!OWN_STATE.test(state ?? '') && (spoken || /^(38|39|P0)/.test(state ?? ''))) return WITHHELD
  const quoted = state === null || !state.startsWith('22') ? /^(invalid input .*?: )".*/s : /".*"|".*/s
  const text = withoutSecrets(message).replace(quoted, (_, kept) => (typeof kept === 'string' ? `${kept}…` : '…'))
  // 22021 and 22P05 tell the bytes of a character.
  return (text.split('\n', 1)[0] ?? '').replace(/0x[0-9a-f]{2}( 0x[0-9a-f]{2})*/g, '0x…')
}

function remedyFor(state: string | null, side: Side): string {
  if (state?.startsWith('08'))
    return `the statement asks another server that the ${side} cannot reach: let it, or mend the foreign server’s options and user mappings`
  switch (state) {
    case '42501':
      return `grant the missing right to the ${side} account, then start the task again`
    case '53100':
      return `enlarge the storage of the ${side}`
    case '25006':
      return `the ${side} takes no writes: wait for its failover to end; where its cloud has locked it because its storage is full (ApsaraDB: LockByDiskQuota), enlarge that; where default_transaction_read_only is on, reset it`
    case '40P01':
      return `nothing to do: the statement is tried again; if it comes back, look for other writers on the ${side}`
    case '57014':
      return `somebody or a time-out cancelled the statement on the ${side}: it is tried again`
    case '23514':
      // A check that looks at other tables finds them empty while rows are copied; pg_dump makes one that is NOT VALID last.
      return `mend the rows, or on the source drop the check and add it again NOT VALID: it is then made after all rows; start the task again`
    case '28P01':
    case '28000':
      return `check the account, its password and pg_hba rules of the ${side}`
    case '3D000':
      return `create the database on the ${side}, or mend its name in the task`
    default:
      return `look the SQLSTATE ${state ?? ''} up in PostgreSQL’s manual, appendix A, mend the cause on the ${side}, start the task again`
  }
}
