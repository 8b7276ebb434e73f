import { z } from 'zod'
import { apsara } from '../../../core/cloud/apsara.ts'
import type { CloudEnvironment } from '../../../core/cloud/environment.ts'
import { hasChunks } from '../../../core/ledger/chunks/open.ts'
import { leaveRun } from '../../../core/ledger/chunks/round.ts'
import { type CurrentLimits, changeLimits, type Limits, pauseRun } from '../../../core/ledger/limits.ts'
import { readPresence } from '../../../core/ledger/presence.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { openDestination } from '../../../core/postgres/sessions.ts'
import { type Endpoint, eventAt } from '../../../core/runtime/event.ts'
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
  /** `null` where it has no plan of the copy yet: the limits of the task will hold there. */
  readonly limits: CurrentLimits | null
  /** The run is complete there, and was to be paused or to go on: nothing was changed. */
  readonly complete?: boolean
}

/**
 * Changes limits of a run in all its databases; its lanes look every few seconds.
 * @throws SampanError what connecting throws
 */
export async function changeRun(
  task: Task,
  change: LimitsChange,
  environment: CloudEnvironment,
  at?: Endpoint,
): Promise<readonly ChangedLimits[]> {
  const { lanes, paused, ...others } = change
  const limits = Object.fromEntries(
    Object.entries({
      ...others,
      ...(typeof lanes === 'number' ? { lanes, mostLanes: null } : {}),
      ...(lanes === 'auto' ? { mostLanes: laneNumbers(task).most } : {}),
    }).filter(([, value]) => value !== undefined),
  ) as Partial<Limits>
  return inEachDatabase(task, environment, at, async (session, database) => {
    const { run } = await readPresence(session, task.name)
    if (run === null || !(await hasChunks(session, task.name))) return { database, limits: null }
    if (paused !== undefined && run.state === 'sealed') return { database, limits: null, complete: true }
    if (paused !== undefined) await pauseRun(session, task.name, paused)
    return { database, limits: await changeLimits(session, task.name, limits) }
  })
}

/** Takes the run from an execution that was stopped: calls of it that are still at work end at their next look, and write nothing more. */
export async function takeFrom(
  task: Task,
  execution: string,
  environment: CloudEnvironment,
): Promise<readonly string[]> {
  const left = await inEachDatabase(task, environment, undefined, async (session, database) => {
    const known = (await readPresence(session, task.name)).run !== null
    return known && (await leaveRun(session, { id: task.name, execution })) ? database : null
  })
  return left.filter((database) => database !== null)
}

async function inEachDatabase<Found>(
  task: Task,
  environment: CloudEnvironment,
  at: Endpoint | undefined,
  body: (session: Session, database: string) => Promise<Found>,
): Promise<Found[]> {
  const destination = at ?? (await findDestination(task, environment))
  const found: Found[] = []
  for (const database of task.databases) {
    const event = eventAt(destination, { task, database, execution: 'limits' })
    const session = await openDestination(event, environment, { purpose: 'limits' })
    try {
      found.push(await body(session, database.as))
    } finally {
      await session.close()
    }
  }
  return found
}

/** Where the destination of a task answers. */
export async function findDestination({ destination }: Task, environment: CloudEnvironment): Promise<Endpoint> {
  const { host, port, apsaraInstance, region } = destination
  if (host !== undefined) return { host, port }
  return apsara(environment, region ?? '', apsaraInstance ?? '').endpoint()
}
