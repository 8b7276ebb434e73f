import { afterAll, beforeAll, expect, test } from 'vitest'
import { readEnvironment } from '../../../lambdas/core/runtime/environment.ts'
import { DATABASES_AT_ONCE, functionsAtOnce } from '../../../lambdas/core/task/lanes.ts'
import { type TaskInput, taskSchema } from '../../../lambdas/core/task/task.ts'
import { concurrencyShort } from '../../../lambdas/stages/precheck/checks/concurrency-short.ts'
import type { CheckContext } from '../../../lambdas/stages/precheck/context.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'
import { toDefinition } from '../../../statemachine/migration.ts'
import { smallTask } from '../../core/task/tasks.ts'

let clouds: FakeClouds
beforeAll(async () => {
  clouds = await startFakeClouds({})
})
afterAll(() => clouds.stop())

const taskOf = (change: Partial<TaskInput>) => taskSchema.parse({ ...smallTask(), ...change })

async function ask(change: Partial<TaskInput>, quota: number, stack: string | undefined = 'Sampan') {
  clouds.state.concurrency = quota
  const environment = readEnvironment({
    ...clouds.environment,
    SAMPAN_ARTEFACTS: 'file:///none',
    ...(stack ? { SAMPAN_STACK: stack } : {}),
  })
  return concurrencyShort.run({ environment, event: { task: taskOf(change) } } as unknown as CheckContext)
}

const four = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name }))

test('ACCOUNT_CONCURRENCY_SHORT: lanes and keepers of all databases under way leave room for what closes', async () => {
  expect(await ask({ lanes: 4 }, 1_000)).toEqual([])
  // Four lanes, four that build indexes, two keepers, and two calls kept free.
  expect(await ask({ lanes: 4 }, 12)).toEqual([])
  const [finding] = await ask({ lanes: 4 }, 10)
  expect(finding?.cause).toBe('the task has up to 12 functions at work at once, the account may have 10')
  expect(finding?.remedy).toMatch(/^set "lanes" to 3 or less, or have the quota .* raised to at least 12$/)
  expect(await ask({ lanes: 3 }, 10)).toEqual([])
})

test('ACCOUNT_CONCURRENCY_SHORT: five databases are four at once, and lanes that are counted count as many as they may become', async () => {
  expect(functionsAtOnce(taskOf({ lanes: 2, databases: four }))).toBe(4 * (2 + 2 + 2))
  const [many] = await ask({ lanes: 2, databases: four }, 10)
  expect(many?.remedy).toMatch(/^make tasks of one database each/)
  const [counted] = await ask({ lanes: 'auto', mostLanes: 64 }, 50)
  expect(counted?.remedy).toMatch(/^set "mostLanes" to 42 or less/)
  expect(await ask({ lanes: 'auto', mostLanes: 42 }, 50)).toEqual([])
})

test('ACCOUNT_CONCURRENCY_SHORT is no question on one machine, and unknown where AWS does not say', async () => {
  await expect(ask({}, 10, '')).rejects.toMatchObject({ name: 'CannotRun', why: 'irrelevant' })
  clouds.state.faults.next('GetAccountSettings', { kind: 'error', code: 'AccessDeniedException', status: 403 })
  await expect(ask({}, 10)).rejects.toMatchObject({ name: 'CannotRun', why: 'unknown' })
})

test('the workflow takes as many databases at once as is counted here', () => {
  expect(toDefinition().States.Databases).toMatchObject({ MaxConcurrency: DATABASES_AT_ONCE })
})
