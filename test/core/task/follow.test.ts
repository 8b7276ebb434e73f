import { expect, test } from 'vitest'
import { deployedProblems } from '../../../lambdas/core/task/deployed-rules.ts'
import { readTask } from '../../../lambdas/core/task/problems.ts'
import { smallTask } from './tasks.ts'

const following = { ...smallTask(), mode: 'follow', follow: {} }
const codes = (task: unknown) => readTask(task).problems.map(({ code }) => code)

test('what the task has no default for is said, and what cannot be followed refused', () => {
  expect(readTask(following).task?.follow).toEqual({
    cutoverSeconds: 60,
    keepSlot: false,
  })
  expect(codes({ ...following, follow: undefined })).toEqual(['TASK_FOLLOW_MISSING'])
  expect(codes({ ...following, mode: undefined })).toEqual(['TASK_FOLLOW_UNUSED'])
  expect(codes({ ...following, mode: 'plan' })).toEqual([])
  const some = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `shop_${index}` }))
  expect(codes({ ...following, databases: some(4) })).toEqual([])
  expect(codes({ ...following, databases: some(5) })).toEqual(['TASK_FOLLOW_MANY_DATABASES'])
  const kept = [{ name: 'shop', tables: { 'public.orders': { conflicts: 'truncate' } } }]
  expect(codes({ ...following, databases: kept })).toEqual(['TASK_FOLLOW_CONFLICTS'])
  expect(codes({ ...following, databases: [{ name: 'shop', schema: 'existing' }] })).toContain('TASK_FOLLOW_CONFLICTS')
  const columns = { email: { expression: 'md5(email)' }, phone: { exclude: true }, id: { as: 'number' } }
  const other = [{ name: 'shop', tables: { 'public.orders': { where: 'id > 7', keys: { a: 'follow' }, columns } } }]
  expect(readTask({ ...following, databases: other }).problems.map(({ code, path }) => `${code} ${path}`)).toEqual([
    'TASK_FOLLOW_ROWS databases[0].tables["public.orders"].where',
    'TASK_FOLLOW_ROWS databases[0].tables["public.orders"].keys.a',
    'TASK_FOLLOW_VALUES databases[0].tables["public.orders"].columns.email.expression',
    'TASK_FOLLOW_VALUES databases[0].tables["public.orders"].columns.phone.exclude',
  ])
})

test('a deployed stack refuses to follow', () => {
  const stack = { secrets: [], unverifiedHosts: [], hosts: [] }
  expect(deployedProblems({ mode: 'follow' }, stack).map(({ code }) => code)).toEqual(['TASK_FOLLOW_IS_LOCAL'])
  expect(deployedProblems({ mode: 'migrate' }, stack)).toEqual([])
})
