import type { CloudEnvironment } from '../cloud/environment.ts'
import { SampanError, toSampanError } from '../runtime/errors.ts'
import { type DatabaseIdentity, type Endpoint, eventAt } from '../runtime/event.ts'
import type { Task } from '../task/task.ts'
import type { Session } from './connect.ts'
import { ConnectError } from './connect-errors.ts'
import { openDestinationIfMade } from './sessions.ts'

/** What asking one of a task's databases on the destination came to. */
export type Asking<Found> = { readonly database: DatabaseIdentity } & (
  | { readonly state: 'answered'; readonly found: Found }
  /** The run makes it when its turn comes. */
  | { readonly state: 'missing' }
  | { readonly state: 'failed'; readonly error: SampanError }
)

/** What is asked, and as whom. */
export interface Question<Found> {
  readonly environment: CloudEnvironment
  /** As `pg_stat_activity` shows it. */
  readonly purpose: string
  readonly signal?: AbortSignal
  readonly ask: (session: Session, database: DatabaseIdentity) => Promise<Found>
}

/**
 * Asks databases of a task on its destination, one after the other, all of them whatever one of them answers: what somebody wants of a run
 * has to reach those it can reach. Only where the server itself does not answer the others are not tried.
 */
export async function askDatabases<Found>(
  task: Task,
  databases: readonly DatabaseIdentity[],
  at: Endpoint,
  { environment, purpose, signal, ask }: Question<Found>,
): Promise<readonly Asking<Found>[]> {
  const answers: Asking<Found>[] = []
  let unreachable: SampanError | null = null
  for (const database of databases) {
    if (unreachable !== null) {
      answers.push({ database, state: 'failed', error: unreachable })
      continue
    }
    const event = eventAt(at, { task, database, execution: purpose })
    let session: Session | null = null
    try {
      session = await openDestinationIfMade(event, environment, { purpose, ...(signal ? { signal } : {}) })
      answers.push(
        session === null
          ? { database, state: 'missing' }
          : { database, state: 'answered', found: await ask(session, database) },
      )
    } catch (thrown) {
      const error = toSampanError(thrown)
      if (thrown instanceof ConnectError && OF_THE_SERVER.has(thrown.rung)) unreachable = error
      answers.push({ database, state: 'failed', error })
    } finally {
      await session?.close()
    }
  }
  return answers
}

/** Rungs at which no other database of the server would be reached either. */
const OF_THE_SERVER: ReadonlySet<ConnectError['rung']> = new Set(['dns', 'tcp', 'tls'])

/** So many are told beside the first; the others are counted. */
const MOST_BESIDES = 9

/** The failures among the answers as one error; `null` where there are none. */
export function failureOf(answers: readonly Asking<unknown>[]): SampanError | null {
  const failed = answers.filter((answer) => answer.state === 'failed')
  const [first] = failed
  if (first === undefined) return null
  // One that ends the asking stands at every database behind it.
  const others = failed.slice(1).filter(({ error }) => error !== first.error)
  const untold = others.length - MOST_BESIDES
  const { code, remedy, retryable, kind } = first.error
  return new SampanError({
    code,
    message: `${named(first)}${untold > 0 ? `; ${untold} more failed that are not told here` : ''}`,
    remedy,
    retryable,
    kind,
    cause: first.error,
    besides: others.slice(0, MOST_BESIDES).map((other) => ({
      code: other.error.code,
      message: named(other),
      remedy: other.error.remedy,
    })),
  })
}

function named({ database, error }: { readonly database: DatabaseIdentity; readonly error: SampanError }): string {
  return error.message.includes(database.as) ? error.message : `${database.as}: ${error.message}`
}
