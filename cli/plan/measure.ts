import { NO_LIMITS } from '../../lambdas/core/ledger/limits.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { openDestination, openSource } from '../../lambdas/core/postgres/sessions.ts'
import { BEGIN_VIEW, beginInView, type ExportedView, exportView } from '../../lambdas/core/postgres/snapshot.ts'
import { cargoOf } from '../../lambdas/core/rows/cargo.ts'
import { destinationDigest } from '../../lambdas/core/rows/digest.ts'
import { readEnvironment } from '../../lambdas/core/runtime/environment.ts'
import { toSampanError } from '../../lambdas/core/runtime/errors.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { type Allowed, Budget } from '../../lambdas/core/stream/budget.ts'
import { readWalRate } from '../../lambdas/core/stream/wal-rate.ts'
import { laneNumbers } from '../../lambdas/core/task/lanes.ts'
import { copyServers } from '../../lambdas/stages/copy/lane/servers.ts'
import { Pace } from '../../lambdas/stages/copy/pace/pace.ts'
import { fly } from '../../lambdas/stages/copy/stream/flight.ts'
import type { DatabasePlan } from './database-plan.ts'
import { chooseSamples, readKnownTypes, type Sample, sampleTable } from './sample.ts'

/** What is under way then is left: the source shall not be read for longer. */
const LONGEST_MILLISECONDS = 8_000
/** So many lanes measure; more would read more than a sample. */
const MOST_LANES = 4

/** What one sample took; bytes of the source's file. */
export interface MeasuredSample {
  readonly bytes: number
  /** In the form of COPY. */
  readonly sent: number
  readonly copySeconds: number
  /** An index of its first column; `null` where none could be built. */
  readonly indexSeconds: number | null
  /** Digests at the destination; `null` where nothing is compared by the task, or it could not be measured. */
  readonly compareSeconds: number | null
}

export interface Measured {
  /** Lanes that copied at once. */
  readonly lanes: number
  readonly samples: readonly MeasuredSample[]
  /** Why nothing, or not all, could be measured. */
  readonly problem: string | null
  /** How long measuring took, seconds. */
  readonly seconds: number
  /** Of a run that follows, where it could be read. */
  readonly wal?: MeasuredWal | null
}

/** What a source writes while it is copied, and what it may keep. */
export interface MeasuredWal {
  readonly bytesPerSecond: number
  readonly allowed: Allowed
}

/**
 * Copies samples as a run copies chunks: in one view of the source, through the limits of the task, with their digests, by lanes side by
 * side. They go into tables that are made in a transaction of each lane and rolled back with it: plain tables and not temporary ones, which
 * would write no WAL and be faster than a run is. Should this process die, the server rolls back. Throws nothing.
 */
export async function measure(event: StepEvent, plan: DatabasePlan, signal?: AbortSignal): Promise<Measured> {
  const began = performance.now()
  const timeout = AbortSignal.timeout(LONGEST_MILLISECONDS)
  const until = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  const chosen = chooseSamples(plan.relations)
  const lanes = Math.min(MOST_LANES, laneNumbers(event.task).first, chosen.length)
  const samples: MeasuredSample[] = []
  let problem = chosen.length === 0 ? 'no table has rows that could be read in part' : null
  // Beside the samples, which write nothing there.
  const wal = event.task.follow === undefined ? null : measureWal(event, until)
  try {
    if (chosen.length > 0) await measureAll(event, plan, { chosen, lanes, until, found: (one) => samples.push(one) })
  } catch (thrown) {
    const { code, message } = toSampanError(thrown)
    problem = timeout.aborted
      ? `ended after ${LONGEST_MILLISECONDS / 1000} s, ${samples.length} of ${chosen.length} samples were copied`
      : `${code}: ${message}`
  }
  return { lanes, samples, problem, wal: await wal, seconds: (performance.now() - began) / 1000 }
}

async function measureWal(event: StepEvent, signal: AbortSignal): Promise<MeasuredWal | null> {
  try {
    const source = await openSource(event, readEnvironment(), { purpose: 'plan-wal', signal })
    try {
      const allowed = await new Budget(event, readEnvironment(), signal).allowed(0)
      return { bytesPerSecond: await readWalRate(source), allowed }
    } finally {
      await source.close()
    }
  } catch {
    // The plan says what it rests on; the precheck tells what is wrong with the source.
    return null
  }
}

interface Work {
  readonly chosen: readonly Sample[]
  readonly lanes: number
  readonly until: AbortSignal
  found(sample: MeasuredSample): void
}

async function measureAll(event: StepEvent, plan: DatabasePlan, work: Work): Promise<void> {
  const { chosen, lanes, until } = work
  const holder = await openSource(event, readEnvironment(), { purpose: 'plan-sample', signal: until })
  try {
    await holder.execute(BEGIN_VIEW)
    const view = await exportView(holder)
    const queue = chosen.map((sample, number) => ({ sample, number }))
    const ended = await Promise.allSettled(
      Array.from({ length: lanes }, (_, lane) => measureLane(event, plan, { ...work, view, lane, queue })),
    )
    const failure = ended.find(({ status }) => status === 'rejected')
    if (failure?.status === 'rejected') throw failure.reason
  } finally {
    await holder.close()
  }
}

interface LaneWork extends Work {
  readonly view: ExportedView
  readonly lane: number
  readonly queue: { readonly sample: Sample; readonly number: number }[]
}

async function measureLane(event: StepEvent, plan: DatabasePlan, work: LaneWork): Promise<void> {
  const open: Session[] = []
  const opened = async (opening: Promise<Session>) => {
    const session = await opening
    open.push(session)
    return session
  }
  const options = { purpose: 'plan-sample', signal: work.until }
  try {
    const [rows, digests, destination] = await Promise.all([
      opened(openSource(event, readEnvironment(), { ...options, pipeline: true })),
      opened(openSource(event, readEnvironment(), { ...options, pipeline: true })),
      opened(openDestination(event, readEnvironment(), options)),
    ])
    await Promise.all([rows, digests].map((session) => beginInView(session, work.view)))
    await destination.execute('BEGIN')
    try {
      const known = await readKnownTypes(destination, work.chosen)
      const pace = paceOf(event, work)
      for (let next = work.queue.shift(); next !== undefined; next = work.queue.shift()) {
        const sessions = { rows, digests, destination }
        work.found(
          await measureOne(event, plan, sessions, next.sample, sampleTable(next.sample, next.number, known), pace),
        )
      }
    } finally {
      await destination.execute('ROLLBACK').catch(() => destination.destroy())
    }
  } finally {
    await Promise.all(open.map((session) => session.close()))
  }
}

/** This lane’s share of the task’s limits. */
function paceOf({ task: { throttle } }: StepEvent, { lane, lanes }: LaneWork): Pace {
  const pace = new Pace(lane)
  const megabytes = throttle.megabytesPerSecond
  const { rowsPerSecond } = throttle
  const bytesPerSecond = megabytes === null ? null : megabytes * 1_000_000
  pace.apply({ ...NO_LIMITS, lanes, rowsPerSecond, bytesPerSecond, active: [], atWork: 0 })
  return pace
}

async function measureOne(
  event: StepEvent,
  plan: DatabasePlan,
  { rows, digests, destination }: { readonly rows: Session; readonly digests: Session; readonly destination: Session },
  { range, bytes }: Sample,
  { relation, create, index }: ReturnType<typeof sampleTable>,
  pace: Pace,
): Promise<MeasuredSample> {
  const servers = copyServers(rows, destination, event.task, {
    ...IDENTITY,
    searchPath: plan.searchPath,
    destinationSearchPath: plan.destinationSearchPath,
  })
  await destination.execute(create)
  const began = performance.now()
  const [delivery] = await fly({ rows, digests }, destination, [cargoOf(relation, range, servers)], pace)
  const copySeconds = (performance.now() - began) / 1000
  const digest =
    event.task.validation.mode === 'none'
      ? null
      : destinationDigest(relation.destination, { ...range, kind: 'whole', lower: null, upper: null }, servers)
  const compareSeconds = digest === null ? null : await timed(destination, digest)
  const indexSeconds = await timed(destination, index)
  return { bytes, sent: delivery?.bytes ?? 0, copySeconds, indexSeconds, compareSeconds }
}

const IDENTITY = { serverVersion: 0, encoding: '', database: '' }

/** Seconds of a statement; `null` where it is refused (a type without an order, say), and nothing of it stays. */
async function timed(session: Session, statement: string): Promise<number | null> {
  await session.execute('SAVEPOINT measured')
  const began = performance.now()
  try {
    await session.execute(statement)
    return (performance.now() - began) / 1000
  } catch {
    await session.execute('ROLLBACK TO SAVEPOINT measured')
    return null
  }
}
