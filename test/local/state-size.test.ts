import { expect, test } from 'vitest'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { done } from '../../lambdas/core/runtime/verdict.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import { smallTask } from '../core/task/tasks.ts'
import { type AnyEvent, migrate } from './workflow.ts'

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const STATE_BYTES = 262_144

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))
const longest = (index: number) => `tenant_${index}_`.padEnd(63, 'x')
const many = (count: number, more: object = {}) => ({
  ...smallTask(),
  databases: Array.from({ length: count }, (_, index) => ({ name: longest(index) })),
  ...more,
})
const problems = (input: unknown) => readTask(input).problems.map(({ code }) => code)

/** The longest that a step says of itself: 500 and 300 characters reach the state. */
const fail = () => {
  throw new SampanError({
    code: 'TLS_CLIENT_CERTIFICATE_OF_ANOTHER',
    message: 'no connection is free, '.repeat(40),
    remedy: 'end idle sessions, '.repeat(40),
  })
}

/** The workflow over the task as ReadTask accepts it, and the largest state at all of its transitions. */
async function largestState(input: ReturnType<typeof many>, bodies: Parameters<typeof migrate>[0]) {
  const { task } = readTask(input)
  if (task === null) throw new Error(problems(input).join())
  const ReadTaskFunction = (event: AnyEvent) =>
    done({
      repeated: false,
      run: { id: task.name, execution: event.execution },
      task: { ...task, databases: [] },
      list: { count: task.databases.length, digest: 'f'.repeat(64) },
      databases: task.databases.map((_, place) => place),
    })
  const TakeDatabaseFunction = ({ place }: AnyEvent) => {
    const entry = task.databases[place as number]
    return done({
      database: { name: entry?.name, as: entry?.as },
      task: { ...task, databases: [entry] },
    })
  }
  const largest = { state: '', bytes: 0 }
  const { outcome, calls } = await migrate(
    { ReadTaskFunction, TakeDatabaseFunction, ...bodies },
    input,
    (state, data) => {
      const bytes = bytesOf(data)
      if (bytes > largest.bytes) Object.assign(largest, { state, bytes })
    },
  )
  return { largest, outcome, calls }
}

test.each(['continue', 'stop'] as const)(
  '2,000 databases of the longest names fit the state at every transition, however each of them ends (%s)',
  { tags: 'long', timeout: 60_000 },
  async (onDatabaseError) => {
    const input = many(2_000, { onDatabaseError })
    // To stop at the first failure, they go one after the other.
    const ends = onDatabaseError === 'continue' ? fail : () => done({ sealed: true })
    const { largest, outcome, calls } = await largestState(input, { PlanObjectsFunction: ends })
    const names = calls.filter(({ name }) => name === 'PlanObjectsFunction').map(({ event }) => event.database?.name)
    expect(new Set(names).size).toBe(2_000)
    expect(outcome.status).toBe(onDatabaseError === 'continue' ? 'failed' : 'succeeded')
    expect(largest.bytes).toBeGreaterThan(100_000)
    expect(largest.bytes, largest.state).toBeLessThan(STATE_BYTES)
  },
)

test('one database with as many names of tables as are accepted fits, also when 64 lanes fail', async () => {
  const include = (count: number) => Array.from({ length: count }, (_, index) => `public.table_${index}`)
  const input = (count: number) => many(0, { lanes: 64, databases: [{ name: 'a', include: include(count) }] })
  const count = Array.from({ length: 160 }, (_, index) => (160 - index) * 100).find(
    (each) => problems(input(each)).length === 0,
  )
  expect(count).toBeGreaterThan(6_000)
  const lanes = Array.from({ length: 64 }, (_, lane) => lane)
  const { largest, outcome } = await largestState(input(count ?? 0), {
    PlanCopyFunction: () => done({ lanes, indexLanes: lanes, validateLanes: lanes }),
    CopyLaneFunction: fail,
    BuildIndexesFunction: fail,
    SummariseCopyFunction: fail,
    SummariseIndexesFunction: fail,
  })
  expect(outcome).toMatchObject({ status: 'failed', error: 'TLS_CLIENT_CERTIFICATE_OF_ANOTHER' })
  expect(largest.bytes, largest.state).toBeLessThan(STATE_BYTES)
})

test('what does not fit is refused with how much does', () => {
  expect(problems(many(2_000))).toEqual([])
  expect(problems(many(2_400))).toEqual(['TASK_TOO_LARGE'])
  // With names as long on the destination the input alone is larger than Step Functions takes.
  const renamed = many(2_000).databases.map(({ name }) => ({ name, as: `${name.slice(0, -1)}y` }))
  const [problem] = readTask({ ...smallTask(), databases: renamed }).problems
  expect(problem?.message).toMatch(
    /^is too large for Step Functions: up to \d{6} bytes in its state, which holds 262144, with 2000/,
  )
  expect(problem?.remedy).toMatch(/at most 2000 databases/)
})
