import { listed } from '../../core/present/listed.ts'
import type { StepError } from '../../core/runtime/verdict.ts'

/** A ledger that nobody could read when the run came to its end. */
export interface UnreadLedger {
  readonly database: string
  /** One line, for people. */
  readonly why: string
  /** Not there: it has been dropped. */
  readonly isGone?: boolean
  /** Whether asking again can help, and for how long. */
  readonly retryable: boolean
  readonly kind: StepError['kind']
}

export const LEDGER_UNREAD = 'LEDGER_UNREAD'

/** How many are named in a sentence. */
const NAMED = 5

/** A run goes on without objects that fail, and only the ledger knows of them: unread, nobody can say that all has arrived. */
export function unreadError(unread: readonly UnreadLedger[]): StepError | null {
  const [first] = unread
  if (first === undefined) return null
  const names = listed(
    unread.map(({ database }) => database),
    { most: NAMED, of: unread.length },
  )
  const message = `every step came to its end, but whether all has arrived is not known: the ledger of ${names} could not be read (${first.why})`
  if (unread.every(({ isGone }) => isGone)) {
    return {
      kind: 'other',
      code: LEDGER_UNREAD,
      message,
      remedy:
        'somebody has dropped the schema sampan of the destination before the run had told how it ended: migrate again under another name into an empty database',
    }
  }
  return {
    kind: unread.some(({ kind }) => kind === 'connection') ? 'connection' : 'other',
    code: LEDGER_UNREAD,
    message,
    remedy:
      'see that the destination answers, then start the task again: what is complete is left as it is, and the run says how it has ended',
  }
}
