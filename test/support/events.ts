import type { DatabaseIdentity, StepContext, StepEvent } from '../../lambdas/core/runtime/event.ts'
import { type TaskInput, taskSchema } from '../../lambdas/core/task/task.ts'
import type { TestDatabase } from './servers.ts'

/** The event of a step that works between two test databases. Passwords travel as `env:` secrets, as the command does it. */
export function stepEvent(
  source: TestDatabase,
  destination: TestDatabase,
  overrides: Partial<TaskInput> & { lane?: number | null; execution?: string } = {},
): StepEvent {
  const { lane, execution, ...task } = overrides
  const database: DatabaseIdentity = { name: source.name, as: destination.name }
  return {
    run: { id: task.name ?? 'test-run', execution: execution ?? 'test-execution' },
    task: taskSchema.parse({
      name: 'test-run',
      source: side(source),
      destination: side(destination),
      databases: [database],
      ...task,
    }),
    endpoints: { source: address(source), destination: address(destination) },
    database,
    lane: lane ?? null,
    window: null,
  }
}

function side(database: TestDatabase) {
  const { host, port, user, password } = database.connection
  const variable = `SAMPAN_TEST_SECRET_${port}`
  process.env[variable] = password
  return { host, port, user, secret: `env:${variable}`, tls: { mode: 'disable' as const } }
}

function address(database: TestDatabase) {
  const { host, port } = database.connection
  return { host, port }
}

/** The context of a Lambda call that has the given time. */
export function stepContext(seconds = 60, signal?: AbortSignal): StepContext {
  const until = Date.now() + seconds * 1000
  return {
    awsRequestId: 'test',
    getRemainingTimeInMillis: () => until - Date.now(),
    ...(signal ? { signal } : {}),
  }
}

/** The event with one side reached through a relay. */
export function through(event: StepEvent, side: 'source' | 'destination', port: number): StepEvent {
  if (event.endpoints === null) throw new Error('no endpoints')
  return { ...event, endpoints: { ...event.endpoints, [side]: { host: '127.0.0.1', port } } }
}
