import { expect, test } from 'vitest'
import type { Task } from '../../../lambdas/core/task/task.ts'
import { withoutWhatCannotCome } from '../../../lambdas/stages/schema/plan/cannot-come.ts'

const plan = {
  ...{ entries: [], objects: [], relations: [], readerGrants: 0, rights: [], along: [] },
  inVain: ['public.person: it needs public.address, which is excluded'],
}
const task = (mode: Task['mode']): Pick<Task, 'mode' | 'onObjectError' | 'precheck'> => ({
  ...{ mode, onObjectError: 'fail' },
  precheck: { acknowledge: [] },
})

test.each(['migrate', 'follow'] as const)(
  'what was chosen and cannot come ends mode %s before anything is made',
  (mode) => {
    expect(() => withoutWhatCannotCome(plan, task(mode))).toThrow(/public\.person: it needs public\.address/)
  },
)

test.each(['plan', 'precheck'] as const)('mode %s lists it', (mode) => {
  expect(withoutWhatCannotCome(plan, task(mode))).toBe(plan)
})
