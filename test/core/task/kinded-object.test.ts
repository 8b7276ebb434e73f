import { expect, test } from 'vitest'
import { kindedObject } from '../../../lambdas/core/task/select/kinded-object.ts'
import { type Selectable, viewBodies } from '../../../lambdas/core/task/select/selectable.ts'

let ids = 0
const entry = (kind: string, tag: string, more: Partial<Selectable> = {}): Selectable => {
  ids += 1
  return { id: ids, kind, tag, schema: 'shop', relationKind: null, dependencies: [], ...more }
}

test('what belongs to a table has its own name behind that of the table, however blank either of them is', () => {
  const tables = [entry('TABLE', 'order'), entry('TABLE', 'order items'), entry('TABLE', 'order', { schema: 'other' })]
  const byId = new Map(tables.map((table) => [table.id, table]))
  const dependencies = tables.map(({ id }) => id)
  expect(kindedObject(entry('TRIGGER', 'order items audit', { dependencies }), byId)).toEqual({
    ...{ kind: 'TRIGGER', names: ['audit'], schema: 'shop', table: 'order items' },
  })
  expect(kindedObject(entry('POLICY', 'gone own', { dependencies }), byId)).toEqual({
    ...{ kind: 'POLICY', names: ['gone own'], schema: 'shop', table: null },
  })
})

test.each([
  ['FUNCTION', 'net(numeric, text)', ['net(numeric, text)', 'net']],
  ['CAST', 'CAST (shop.a AS text)', ['CAST (shop.a AS text)', 'shop.a AS text']],
  ['USER MAPPING', 'USER MAPPING app SERVER far', ['USER MAPPING app SERVER far', 'app SERVER far']],
  ['PUBLICATION', 'all', ['all']],
])('a %s is named as pg_dump names it, and by its short name', (kind, tag, names) => {
  expect(kindedObject(entry(kind, tag), new Map())).toEqual({ kind, names, schema: 'shop' })
})

test('a type’s shell is the type, and the half of a view is nothing that a task can name', () => {
  expect(kindedObject(entry('SHELL TYPE', 'box3d'), new Map())?.kind).toBe('TYPE')
  const view = entry('VIEW', 'daily')
  const rule = entry('RULE', 'daily _RETURN', { dependencies: [view.id] })
  expect(kindedObject(rule, new Map([[view.id, view]]))).toBeNull()
  expect(viewBodies([view, rule])).toEqual(new Map([[view.id, rule.id]]))
})
