import type { readStory } from '../../core/ledger/story/story.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { dropScratches, findScratches } from '../../core/postgres/scratches.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import { toSampanError } from '../../core/runtime/errors.ts'
import type { DatabaseIdentity, DatabaseResult, ReportEvent } from '../../core/runtime/event.ts'
import { toStepError } from '../../core/runtime/step-error.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import type { Task } from '../../core/task/task.ts'
import type { DatabaseFacts } from './database-report.ts'

/** A report must not wait for a server that is gone: it is told what could not be read, and the rest is written. */
const CONNECT_MILLISECONDS = 10_000
const STATEMENT_TIMEOUT = '60s'
/** Databases read at once: 2,000 of them a quarter of a second away are read in some eight minutes. Nobody else is at work then. */
const AT_ONCE = 12
/** What is kept of the call's time to write the report. */
const RESERVE_MILLISECONDS = 60_000

export interface Gathered {
  readonly databases: readonly DatabaseFacts[]
  /** What could not be read, and why. */
  readonly notes: readonly string[]
}

/** What Report is called with, its databases and their errors read. */
export interface CompleteEvent extends ReportEvent {
  readonly results: readonly DatabaseResult[]
}

/** Reads each database's ledger. Never throws: what cannot be read, or not in the call's time, becomes a note. */
export async function gatherDatabases(
  event: CompleteEvent,
  step: StepTools,
  readLedger: typeof readStory,
): Promise<Gathered> {
  const notes: string[] = []
  const reserve = Math.min(RESERVE_MILLISECONDS, step.remainingMilliseconds() / 4)
  const databases: DatabaseFacts[] = []
  const due = event.task.databases.entries()
  let unread = 0
  // Each takes the next one: a server that does not answer holds up one of them, not all.
  const reader = async () => {
    for (const [place, database] of due) {
      const late = step.remainingMilliseconds() < reserve
      if (late) unread += 1
      databases[place] = late ? factsOf(event, database) : await gatherOne(event, step, database, { notes, readLedger })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, reader))
  if (unread > 0)
    notes.push(`the ledgers of ${unread} of ${databases.length} databases were not read: the call’s time was used up`)
  return { databases, notes }
}

/** What is known without the ledger. */
function factsOf(event: CompleteEvent, { name, as }: Task['databases'][number]): DatabaseFacts {
  const result = event.results.find((one) => one.database === name) ?? null
  return { identity: { name, as }, result, story: null, destination: null }
}

async function gatherOne(
  event: CompleteEvent,
  step: StepTools,
  database: Task['databases'][number],
  { notes, readLedger }: { readonly notes: string[]; readonly readLedger: typeof readStory },
): Promise<DatabaseFacts> {
  const facts = factsOf(event, database)
  // A run that was stopped has no results, and yet a ledger that tells how far it came.
  if (event.refused || event.task.mode === 'precheck' || event.endpoints === null) return facts
  const { name, as } = database
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
    // One that came through has dropped its own.
    if (facts.result?.verdict !== 'done') await dropLeftScratches(session, event, { name, as }, notes)
    const story = await readLedger(session, event.run.id)
    if (story === null && facts.result !== null) notes.push(`${name}: the destination has no ledger of this run`)
    return { ...facts, story, destination }
  } catch (thrown) {
    notes.push(`${name}: the ledger could not be read: ${toStepError(toSampanError(thrown)).message}`)
    return facts
  } finally {
    await session?.close()
  }
}

/** What a killed call of this execution has left beside the database; another start's is not this one's to drop. */
async function dropLeftScratches(
  session: Session,
  { run }: CompleteEvent,
  { name, as }: DatabaseIdentity,
  notes: string[],
): Promise<void> {
  try {
    const found = await findScratches(session, { run: run.id, as, execution: run.execution })
    await dropScratches(
      session,
      found.map((one) => one.name),
    )
  } catch (thrown) {
    notes.push(`${name}: scratch databases may be left: ${toStepError(toSampanError(thrown)).message}`)
  }
}
