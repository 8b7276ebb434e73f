import type { ArtefactStore } from '../../core/cloud/artefacts.ts'
import type { openStory, RunStory } from '../../core/ledger/story/story.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { dropScratches, findScratches } from '../../core/postgres/scratches.ts'
import { openDestination } from '../../core/postgres/sessions.ts'
import { toSampanError } from '../../core/runtime/errors.ts'
import type { DatabaseIdentity, DatabaseResult, ReportEvent } from '../../core/runtime/event.ts'
import { toStepError } from '../../core/runtime/step-error.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { type Common, type DatabaseFacts, DatabaseTeller } from './database-report.ts'
import { detailsKey, detailsLines } from './details.ts'
import type { DatabaseReport } from './model.ts'
import type { UnreadLedger } from './unread.ts'

/** A report must not wait for a server that is gone: it is told what could not be read, and the rest is written. */
const CONNECT_MILLISECONDS = 10_000
const STATEMENT_TIMEOUT = '60s'
/** Databases read at once: 2,000 of them a quarter of a second away are read in some eight minutes. Nobody else is at work then. */
const AT_ONCE = 12
/** What is kept of the call's time to write the report. */
const RESERVE_MILLISECONDS = 60_000

export interface Gathered {
  readonly databases: DatabaseReport[]
  /** What could not be read, and why. */
  readonly notes: readonly string[]
  /** Of databases whose iteration says that they are done. */
  readonly unread: readonly UnreadLedger[]
}

/** What Report is called with, its databases and their errors read. */
export interface CompleteEvent extends ReportEvent {
  readonly results: readonly DatabaseResult[]
}

/** What reading takes beside the event. */
export interface Gathering {
  readonly step: StepTools
  /** Where the details of databases go that are too large for the report. */
  readonly store: ArtefactStore
  readonly common: Common
  readonly openLedger: typeof openStory
}

/** Reads each database's ledger. Never throws: what cannot be read, or not in the call's time, becomes a note. */
export async function gatherDatabases(event: CompleteEvent, gathering: Gathering): Promise<Gathered> {
  const { step, common } = gathering
  const notes: string[] = []
  const unread: UnreadLedger[] = []
  const results = new Map(event.results.map((result) => [result.database, result]))
  const reserve = Math.min(RESERVE_MILLISECONDS, step.remainingMilliseconds() / 4)
  const databases: DatabaseReport[] = []
  const due = event.task.databases.entries()
  let late = 0
  // Each takes the next one: a server that does not answer holds up one of them, not all.
  const reader = async () => {
    for (const [place, { name, as }] of due) {
      const result = results.get(name) ?? null
      const facts = { identity: { name, as }, result, isUnread: false, marks: null, destination: null, details: null }
      if (!hasLedger(event)) {
        databases[place] = new DatabaseTeller(common).report(facts)
      } else if (step.remainingMilliseconds() < reserve) {
        late += 1
        databases[place] = leaveUnread(LATE, gathering, { facts, place, notes, unread })
      } else {
        databases[place] = await gatherOne(event, gathering, { facts, place, notes, unread })
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, reader))
  if (late > 0) notes.push(`the ledgers of ${late} of ${databases.length} databases were not read: ${LATE.why}`)
  return { databases, notes, unread }
}

/** Asking again would take as long; whoever asks for less may have the time. */
const LATE = { why: 'the call’s time was used up', retryable: false, kind: 'other' } as const

/** A run that was stopped has no results, and yet a ledger that tells how far it came. */
function hasLedger({ refused, task, endpoints }: CompleteEvent): boolean {
  return !refused && task.mode !== 'precheck' && endpoints !== null
}

/** A database, and what is known of it without its ledger. */
interface Due {
  readonly facts: DatabaseFacts
  readonly place: number
  readonly notes: string[]
  readonly unread: UnreadLedger[]
}

/** A database as its iteration has left it, which says nothing of what is missing there. */
function leaveUnread(why: Omit<UnreadLedger, 'database'>, { common }: Gathering, due: Due): DatabaseReport {
  const { facts, unread } = due
  if (facts.result?.verdict !== 'failed') unread.push({ ...why, database: facts.identity.name })
  return new DatabaseTeller(common).report({ ...facts, isUnread: true })
}

async function gatherOne(event: CompleteEvent, gathering: Gathering, due: Due): Promise<DatabaseReport> {
  const { step, openLedger, common } = gathering
  const { facts, notes } = due
  const { identity } = facts
  const { name } = identity
  let session: Session | undefined
  try {
    session = await openDestination({ ...event, database: identity }, step.environment, {
      purpose: 'report',
      pipeline: true,
      settings: { statement_timeout: STATEMENT_TIMEOUT },
      timeoutMilliseconds: CONNECT_MILLISECONDS,
      signal: step.signal,
    })
    const encoding = session.parameters.get('server_encoding') ?? null
    const destination = { serverVersion: session.serverVersion, encoding }
    // One that came through has dropped its own.
    if (facts.result?.verdict !== 'done') await dropLeftScratches(session, event, identity, notes)
    const story = await openLedger(session, event.run.id)
    if (story === null && facts.result !== null) {
      notes.push(`${name}: ${NO_LEDGER.why}`)
      return leaveUnread(NO_LEDGER, gathering, { ...due, facts: { ...facts, destination } })
    }
    if (story === null) return new DatabaseTeller(common).report({ ...facts, destination })
    return await tell(event, gathering, { ...due, facts: { ...facts, destination, marks: story.marks } }, story)
  } catch (thrown) {
    const error = toSampanError(thrown)
    const { message, kind } = toStepError(error)
    notes.push(`${name}: the ledger could not be read: ${message}`)
    const retryable = error.retryable || error.retryableBehindPrecheck
    return leaveUnread({ why: message, retryable, kind }, gathering, due)
  } finally {
    await session?.close()
  }
}

const NO_LEDGER: Omit<UnreadLedger, 'database'> = {
  why: 'the destination has no ledger of this run',
  isGone: true,
  retryable: false,
  kind: 'other',
}

/** Reads the story through, and keeps all of it beside the report where the report has no room for it. */
async function tell(
  { run }: CompleteEvent,
  { store, common }: Gathering,
  { facts, place, notes }: Due,
  { counts, parts }: RunStory,
): Promise<DatabaseReport> {
  const teller = new DatabaseTeller(common)
  const entries = async function* () {
    for await (const part of parts) yield teller.add(part)
  }
  const read = entries()
  // Not to be ended by whoever could not write: the rest is read all the same.
  const shared = { [Symbol.asyncIterator]: () => ({ next: () => read.next() }) }
  let details: string | null = null
  if (!common.room.holds(counts)) {
    const { name } = facts.identity
    const key = detailsKey(run, place)
    try {
      const lines = detailsLines({ run: run.id, execution: run.execution, database: name }, shared)
      await store.writeParts(key, lines, 'application/jsonl')
      details = key
    } catch (thrown) {
      notes.push(`${name}: its details could not be written: ${toStepError(toSampanError(thrown)).message}`)
    }
  }
  // Where they were written, nothing is left of it.
  for await (const _ of read);
  return teller.report({ ...facts, details })
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
