import { expect, test } from 'vitest'
import { readTask } from '../../../lambdas/core/task/problems.ts'
import { isDropped, type RoleMap, roleMap, wantsMade } from '../../../lambdas/core/task/roles.ts'
import { smallTask } from './tasks.ts'

const ROLES = { app: 'app "ali"', old: 'app "ali"', boss: 'create', '*': 'drop' }

function mapOf(roles: Record<string, string>): RoleMap {
  const map = roleMap(roles, 'reader')
  if (map === null) throw new Error('every role is itself')
  return map
}

test('who is not named is dropped, but for the account that reads the source and roles that are nobody’s', () => {
  const roles = ['app', 'boss', 'other', 'reader', 'pg_monitor', 'rds_superuser', 'rdsadmin']
  const mapped = roles.map(mapOf(ROLES))
  expect(mapped).toEqual([
    ...['app "ali"', 'boss', 'other (dropped by the task)', 'reader', 'pg_monitor', 'rds_superuser', 'rdsadmin'],
  ])
  expect(mapped.filter(isDropped)).toEqual(['other (dropped by the task)'])
  expect(mapOf({ reader: 'writer' })('reader')).toBe('writer')
  expect(['boss', 'app', 'other'].filter(wantsMade(ROLES, 'reader'))).toEqual(['boss'])
  expect(['other', 'reader', 'pg_monitor'].filter(wantsMade({ '*': 'create' }, 'reader'))).toEqual(['other'])
})

test('without a word about roles every role is itself', () => {
  expect([roleMap({}, 'reader'), roleMap(undefined, 'reader')]).toEqual([null, null])
  expect(wantsMade(undefined, 'reader')('app')).toBe(false)
})

test('roles that are nobody’s are neither mapped nor mapped to', () => {
  const roles = { pg_monitor: 'a', rdsadmin: 'b', public: 'c', app: 'rds_superuser', boss: 'pg_read_all_data', ok: 'd' }
  expect(readTask({ ...smallTask(), roles }).problems.map(({ code, path }) => `${code} ${path}`)).toEqual(
    ['pg_monitor', 'rdsadmin', 'public', 'app', 'boss'].map((role) => `TASK_ROLE_RESERVED roles.${role}`),
  )
  const wrong = { app: '', boss: 'x'.repeat(64) }
  expect(readTask({ ...smallTask(), roles: wrong }).problems.map(({ code }) => code)).toEqual([
    ...['TASK_ROLE', 'TASK_ROLE'],
  ])
})
