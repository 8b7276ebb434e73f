import { z } from 'zod'
import { apsara } from '../../../core/cloud/apsara.ts'
import type { CloudEnvironment } from '../../../core/cloud/environment.ts'
import { type Asked, applyAsked, keepAsked } from '../../../core/ledger/asked.ts'
import { hasChunks } from '../../../core/ledger/chunks/open.ts'
import { leaveRun } from '../../../core/ledger/chunks/round.ts'
import type { CurrentLimits } from '../../../core/ledger/limits.ts'
import { readPresence } from '../../../core/ledger/presence.ts'
import { readRun } from '../../../core/ledger/run.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { type Asking, askDatabases, failureOf } from '../../../core/postgres/each-database.ts'
import type { SampanError } from '../../../core/runtime/errors.ts'
import type { Endpoint } from '../../../core/runtime/event.ts'
import { laneNumbers } from '../../../core/task/lanes.ts'
import type { Task } from '../../../core/task/task.ts'

const amount = z.number().positive().nullable()

/** Limits to be changed: a field left out stays as it is, `null` lifts the limit. */
export const changeSchema = z.strictObject({
  /** `auto`: they are counted, up to what the task allows. */
  lanes: z.union([z.int().positive(), z.literal('auto')]).optional(),
  queriesPerSecond: amount.optional(),
  rowsPerSecond: amount.optional(),
  bytesPerSecond: amount.optional(),
  sourceCpuPercent: amount.optional(),
  sourceLatencyMilliseconds: amount.optional(),
  /** Lanes stand still, or go on. */
  paused: z.boolean().optional(),
})

export type LimitsChange = z.output<typeof changeSchema>

/** One database of a run, by its name on the destination. */
export interface ChangedLimits {
  readonly database: string
  /** `null` where it has no plan of the copy yet. */
  readonly limits: CurrentLimits | null
  /** Of one without a plan, where something was asked: whether it will find that when its turn comes. */
  readonly kept?: boolean
  /** The run is complete there: nothing was changed. */
  readonly complete?: boolean
}

export interface ChangedRun {
  /** Those that could be asked. */
  readonly databases: readonly ChangedLimits[]
  /** Why the others could not; `null` where there are none. */
  readonly failed: SampanError | null
}

/** Where a run is, and which start of it is at work. */
export interface RunPlace {
  /** @default as the task says */
  readonly at?: Endpoint | undefined
  /** @default the one that has the run in the first database where it is open */
  readonly execution?: string
}

/**
 * Changes limits of a run in all its databases; its lanes look every few seconds. Those whose turn comes later find it in the ledger of
 * the task's first one.
 * @throws SampanError where the destination is not found
 */
export async function changeRun(
  task: Task,
  change: LimitsChange,
  environment: CloudEnvironment,
  { at, execution }: RunPlace = {},
): Promise<ChangedRun> {
  const destination = at ?? (await findDestination(task, environment))
  const asked = toAsked(task, change)
  const isChange = Object.keys(asked).length > 0
  // First: a database that begins meanwhile finds it there, or is found itself.
  const kept = isChange ? { kept: await keepForLater(task, asked, destination, environment, execution) } : {}
  const answers = await askDatabases(task, task.databases, destination, {
    environment,
    purpose: 'limits',
    async ask(session, { as: database }): Promise<ChangedLimits> {
      const { run } = await readPresence(session, task.name)
      const hasPlan = run !== null && (await hasChunks(session, task.name))
      if (run?.state === 'sealed' && (asked.paused !== undefined || !hasPlan))
        return { database, limits: null, complete: true }
      if (!hasPlan) return { database, limits: null, ...kept }
      return { database, limits: await applyAsked(session, task.name, asked) }
    },
  })
  const databases = answers.flatMap((answer): readonly ChangedLimits[] => {
    if (answer.state === 'answered') return [answer.found]
    return answer.state === 'missing' ? [{ database: answer.database.as, limits: null, ...kept }] : []
  })
  return { databases, failed: failureOf(answers) }
}

function toAsked(task: Task, { lanes, ...others }: LimitsChange): Asked {
  const asked = {
    ...others,
    ...(typeof lanes === 'number' ? { lanes, mostLanes: null } : {}),
    ...(lanes === 'auto' ? { mostLanes: laneNumbers(task).most } : {}),
  }
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as Asked
}

/**
 * Keeps what is asked in the task's first database.
 * @returns false where that cannot be done: it has not begun, or nothing says which start is at work
 */
async function keepForLater(
  task: Task,
  asked: Asked,
  at: Endpoint,
  environment: CloudEnvironment,
  given: string | undefined,
): Promise<boolean> {
  const [first, ...others] = task.databases
  if (first === undefined) return false
  const open = async (session: Session) => {
    if ((await readPresence(session, task.name)).run === null) return null
    const { state, execution } = await readRun(session, task.name)
    return state === 'open' ? execution : null
  }
  const question = { environment, purpose: 'limits' }
  const keep = async (execution: string, session: Session) => keepAsked(session, { id: task.name, execution }, asked)
  const [own] = await askDatabases(task, [first], at, {
    ...question,
    async ask(session) {
      const execution = given ?? (await open(session))
      return execution === null ? null : keep(execution, session)
    },
  })
  if (own?.state !== 'answered') return false
  if (own.found !== null) return own.found
  // The first one is complete, maybe since an earlier start.
  for (const other of others) {
    const [answer] = await askDatabases(task, [other], at, { ...question, ask: open })
    if (answer?.state !== 'answered' || answer.found === null) continue
    const execution = answer.found
    const [late] = await askDatabases(task, [first], at, {
      ...question,
      ask: (session) => keep(execution, session),
    })
    return late?.state === 'answered' && late.found
  }
  return false
}

/** What became of a run that was taken from a stopped execution. */
export interface TakenRun {
  /** Databases that it was taken from. */
  readonly left: readonly string[]
  /** Those that are not made yet: a call that is about to make one does not hear of it, and ends by itself. */
  readonly missing: readonly string[]
  readonly failed: SampanError | null
}

/** Takes the run from an execution that was stopped: calls of it that are still at work end at their next look, and write nothing more. */
export async function takeFrom(task: Task, execution: string, environment: CloudEnvironment): Promise<TakenRun> {
  const destination = await findDestination(task, environment)
  const answers = await askDatabases(task, task.databases, destination, {
    environment,
    purpose: 'limits',
    async ask(session) {
      const known = (await readPresence(session, task.name)).run !== null
      return known && (await leaveRun(session, { id: task.name, execution }))
    },
  })
  const namesOf = (wanted: (answer: Asking<boolean>) => boolean) =>
    answers.filter(wanted).map(({ database }) => database.as)
  return {
    left: namesOf((answer) => answer.state === 'answered' && answer.found),
    missing: namesOf(({ state }) => state === 'missing'),
    failed: failureOf(answers),
  }
}

/** Where the destination of a task answers. */
export async function findDestination({ destination }: Task, environment: CloudEnvironment): Promise<Endpoint> {
  const { host, port, apsaraInstance, region } = destination
  if (host !== undefined) return { host, port }
  return apsara(environment, region ?? '', apsaraInstance ?? '').endpoint()
}
