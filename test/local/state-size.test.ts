import { expect, test } from 'vitest'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { done } from '../../lambdas/core/runtime/verdict.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import { smallTask } from '../core/task/tasks.ts'
import { migrate } from './workflow.ts'

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const STATE_BYTES = 262_144

const taskOf = (count: number) => ({
  ...smallTask(),
  databases: Array.from({ length: count }, (_, index) => ({ name: `tenant_${index}`, as: `tenant_of_old_${index}` })),
})

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

test('the largest task that is accepted fits the state, also when every database comes back with a long error', async () => {
  const accepted = (count: number) => readTask(taskOf(count)).task !== null
  const count = Array.from({ length: 40 }, (_, index) => (40 - index) * 50).find(accepted) ?? 0
  expect(count).toBeGreaterThanOrEqual(700)
  const input = taskOf(count)
  const task = readTask(input).task
  const { calls } = await migrate(
    {
      ReadTaskFunction: (event) =>
        done({
          run: { id: 'orders', execution: event.execution },
          task,
          databases: input.databases.map((_, place) => place),
        }),
      PlanObjectsFunction: () => {
        throw new SampanError({
          code: 'DST_TOO_MANY_CONNECTIONS',
          message: 'no connection is free, '.repeat(40),
          remedy: 'end idle sessions, '.repeat(40),
        })
      },
    },
    input,
  )
  const databases = calls.filter(({ name }) => name === 'PlanObjectsFunction').map(({ event }) => event.database?.as)
  expect(databases.toSorted()).toEqual(input.databases.map(({ as }) => as).toSorted())
  const read = { input, execution: 'first', step: { ...done({ task, databases: input.databases.map((_, i) => i) }) } }
  expect(bytesOf(read)).toBeLessThan(STATE_BYTES)
  const report = calls.find(({ name }) => name === 'ReportFunction')?.event
  expect(report?.results).toHaveLength(count)
  // Beside what Report gets, the state has the places of the databases twice, and its own answer.
  expect(bytesOf(report) + 2 * bytesOf(input.databases.map((_, place) => place)) + 2_000).toBeLessThan(STATE_BYTES)
})
