import type { readStory } from '../../core/ledger/story/story.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import { toSampanError } from '../../core/runtime/errors.ts'
import type { DatabaseResult, ReportEvent } from '../../core/runtime/event.ts'
import { toStepError } from '../../core/runtime/step-error.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import type { Task } from '../../core/task/task.ts'
import type { DatabaseFacts } from './database-report.ts'

/** A report must not wait for a server that is gone: it is told what could not be read, and the rest is written. */
const CONNECT_MILLISECONDS = 10_000
const STATEMENT_TIMEOUT = '60s'
/** Databases read at once. */
const AT_ONCE = 4

export interface Gathered {
  readonly databases: readonly DatabaseFacts[]
  /** What could not be read, and why. */
  readonly notes: readonly string[]
}

/** What Report is called with, its databases and their errors read. */
export interface CompleteEvent extends ReportEvent {
  readonly results: readonly DatabaseResult[]
}

/** Reads each database's ledger. Never throws: what cannot be read becomes a note. */
export async function gatherDatabases(
  event: CompleteEvent,
  step: StepTools,
  readLedger: typeof readStory,
): Promise<Gathered> {
  const notes: string[] = []
  const read = (database: Task['databases'][number]) => gatherOne(event, step, database, { notes, readLedger })
  const databases: DatabaseFacts[] = []
  for (let first = 0; first < event.task.databases.length; first += AT_ONCE) {
    databases.push(...(await Promise.all(event.task.databases.slice(first, first + AT_ONCE).map(read))))
  }
  return { databases, notes }
}

async function gatherOne(
  event: CompleteEvent,
  step: StepTools,
  { name, as }: Task['databases'][number],
  { notes, readLedger }: { readonly notes: string[]; readonly readLedger: typeof readStory },
): Promise<DatabaseFacts> {
  const result = event.results.find((one) => one.database === name) ?? null
  const facts = { identity: { name, as }, result, story: null, destination: null }
  // A run that was stopped has no results, and yet a ledger that tells how far it came.
  if (event.refused || event.task.mode === 'precheck' || event.endpoints === null) return facts
  let session: Session | undefined
  try {
    session = await openDestination({ ...event, database: { name, as } }, step.environment, {
      purpose: 'report',
      pipeline: true,
      settings: { statement_timeout: STATEMENT_TIMEOUT },
      timeoutMilliseconds: CONNECT_MILLISECONDS,
      signal: step.signal,
    })
    const destination = {
      serverVersion: session.serverVersion,
      encoding: session.parameters.get('server_encoding') ?? null,
    }
    const story = await readLedger(session, event.run.id)
    if (story === null && result !== null) notes.push(`${name}: the destination has no ledger of this run`)
    return { ...facts, story, destination }
  } catch (thrown) {
    notes.push(`${name}: the ledger could not be read: ${toStepError(toSampanError(thrown)).message}`)
    return facts
  } finally {
    await session?.close()
  }
}
