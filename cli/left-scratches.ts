import { dropScratches, findScratches } from '../lambdas/core/postgres/scratches.ts'
import { openDestination } from '../lambdas/core/postgres/sessions.ts'
import type { Environment } from '../lambdas/core/runtime/environment.ts'
import { toSampanError } from '../lambdas/core/runtime/errors.ts'
import { eventAt } from '../lambdas/core/runtime/event.ts'
import { nameWishes } from '../lambdas/core/task/table-options.ts'
import type { Task } from '../lambdas/core/task/task.ts'
import { findDestination } from '../lambdas/stages/copy/pace/change-run.ts'

/** Where one logs in to drop another database. */
const MAINTENANCE_DATABASE = 'postgres'
const CONNECT_MILLISECONDS = 10_000

/**
 * Drops the scratch databases that killed runs of a task have left on its destination. One that somebody is connected to stays: a run is at it.
 * @returns a line for each of them, and one where it could not be looked for them; none where the task gives no new names
 */
export async function dropLeftScratches(task: Task, environment: Environment): Promise<readonly string[]> {
  const databases = task.databases.filter((database) => nameWishes(database) !== null)
  const [database] = databases
  if (database === undefined) return []
  try {
    const destination = await findDestination(task, environment)
    const event = eventAt(destination, { task, database, execution: 'sweep' })
    const session = await openDestination(event, environment, {
      purpose: 'scratch-sweep',
      database: MAINTENANCE_DATABASE,
      timeoutMilliseconds: CONNECT_MILLISECONDS,
    })
    try {
      const found = []
      for (const { as } of databases) found.push(...(await findScratches(session, { run: task.name, as })))
      const idle = found.filter(({ busy }) => !busy)
      await dropScratches(
        session,
        idle.map(({ name }) => name),
      )
      return found.map(({ name, busy }) =>
        busy ? `the scratch database ${name} stays: a session is in it` : `dropped the scratch database ${name}`,
      )
    } finally {
      await session.close()
    }
  } catch (thrown) {
    const { code, message } = toSampanError(thrown)
    return [`scratch databases were not looked for (${code}: ${message}); the next run of the task drops them`]
  }
}
