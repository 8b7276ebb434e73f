import type { DatabaseResult } from '../../core/runtime/event.ts'
import type { StepError } from '../../core/runtime/verdict.ts'
import { migrates } from '../../core/task/mode.ts'
import type { Task } from '../../core/task/task.ts'
import type { DatabaseReport, FinalStatus, PrecheckReport, Report } from './model.ts'
import { refusalError } from './refusal.ts'
import { unmadeError } from './unmade-objects.ts'
import { type UnreadLedger, unreadError } from './unread.ts'

/** What decides how a run has ended. */
export interface Ending {
  readonly mode: Task['mode']
  /** Databases went one after the other: only the last one's result is among `results`. */
  readonly inTurns?: boolean
  readonly failure: StepError | null
  readonly refused: boolean
  readonly results: readonly DatabaseResult[]
  readonly databases: readonly DatabaseReport[]
  /** What the ledgers would say is not known. */
  readonly unread: readonly UnreadLedger[]
  /** What the precheck found. */
  readonly prechecks?: readonly PrecheckReport[]
}

/** The status of the run, and why; pure. */
export function decideOutcome(ending: Ending): { readonly status: Report['status']; readonly error: StepError | null } {
  if (ending.failure !== null) return { status: 'failed', error: ending.failure }
  if (ending.refused) return { status: 'refused', error: refusalError(ending.prechecks ?? []) }
  if (ending.mode === 'precheck') return { status: 'prechecked', error: null }
  const error = databaseFailure(ending.results) ?? unaccounted(ending)
  if (error !== null) return { status: 'failed', error }
  if (ending.mode === 'plan') return { status: 'planned', error: null }
  const unmade = unmadeError(ending.databases)
  return { status: unmade === null ? 'succeeded' : 'incomplete', error: unmade }
}

/** How the execution ends: a precheck or a plan that was asked for is a success. */
export function finalStatus(status: Report['status']): FinalStatus {
  return status === 'prechecked' || status === 'planned' ? 'succeeded' : status
}

function databaseFailure(results: readonly DatabaseResult[]): StepError | null {
  const failed = results.filter((result) => result.verdict === 'failed')
  const [first] = failed
  if (first === undefined) return null
  const error = first.error ?? {
    kind: 'other',
    code: 'DATABASE_FAILED',
    message: 'it ended without an error',
    remedy: 'start the task again: it continues where it was',
  }
  if (results.length === 1) return error
  const others = failed.length === 1 ? '' : ` (and ${failed.length - 1} more of ${results.length} databases failed)`
  return { ...error, message: `${first.database}: ${error.message}${others}` }
}

/** A database that nothing is known of has not succeeded, whatever else did; nor one that the ledger says is open, or that it says nothing of. */
function unaccounted({ mode, inTurns, results, databases, unread }: Ending): StepError | null {
  const isUnread = (name: string) => unread.some(({ database }) => database === name)
  // None begins before the one ahead of it is complete, and of that one the ledger says so.
  const known = ({ name, sealedAt }: DatabaseReport) =>
    results.some((result) => result.database === name) || (inTurns === true && (sealedAt !== null || isUnread(name)))
  const silent = databases.find((database) => !known(database))
  if (silent !== undefined) {
    return {
      kind: 'other',
      code: 'DATABASE_NOT_RUN',
      message: `${silent.name}: its migration has not been run`,
      remedy: 'start the task again: it continues where it was',
    }
  }
  const unknown = migrates(mode) ? unreadError(unread) : null
  if (unknown !== null) return unknown
  const open = databases.find(({ startedAt, sealedAt }) => migrates(mode) && startedAt !== null && sealedAt === null)
  if (open === undefined) return null
  return {
    kind: 'other',
    code: 'RUN_NOT_SEALED',
    message: `${open.name}: the ledger says that the run is not complete`,
    remedy: 'start the task again: it continues where it was',
  }
}
