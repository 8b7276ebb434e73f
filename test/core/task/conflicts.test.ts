import { expect, test } from 'vitest'
import { readTask } from '../../../lambdas/core/task/problems.ts'
import { smallTask } from './tasks.ts'

const found = (tables: object, more: object = {}) =>
  readTask({ ...smallTask(), databases: [{ name: 'shop', tables, ...more }] }).problems.map(
    ({ code, path }) => `${code} ${path}`,
  )

test('what takes rows of the destination away is asked for by a table’s own name, and nothing is dropped where rows alone come', () => {
  const modes = (conflicts: string, more: object = {}) => found({ 'public.a': { conflicts } }, more)
  const rowsAlone = { schema: 'existing' }
  for (const mode of ['report', 'ignore', 'truncate', 'replace']) expect(modes(mode)).toEqual([])
  for (const mode of ['report', 'ignore', 'truncate']) expect(modes(mode, rowsAlone)).toEqual([])
  expect(modes('replace', rowsAlone)).toEqual(['TASK_CONFLICTS_EXISTING databases[0].tables["public.a"].conflicts'])
  expect(found({ 'public.*': { conflicts: 'ignore' } })).toEqual([])
  for (const conflicts of ['truncate', 'replace']) {
    expect(found({ 'public.a?': { conflicts } })).toEqual([
      'TASK_CONFLICTS_BY_NAME databases[0].tables["public.a?"].conflicts',
    ])
  }
})
