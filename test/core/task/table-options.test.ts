import { expect, test } from 'vitest'
import { readTask } from '../../../lambdas/core/task/problems.ts'
import {
  columnExpressions,
  keyChoices,
  nameWishes,
  rowFilters,
  tableNames,
} from '../../../lambdas/core/task/table-options.ts'
import { smallTask } from './tasks.ts'

function database(options: Record<string, unknown>) {
  const { task, problems } = readTask({ ...smallTask(), databases: [{ name: 'shop', ...options }] })
  expect(problems).toEqual([])
  const [first] = task?.databases ?? []
  if (first === undefined) throw new Error('the task has no database')
  return first
}

const shop = database({
  names: { case: 'lower', schemas: { Billing: 'money' } },
  tables: {
    'public.Orders': {
      where: '  id > 5 ',
      as: 'sales.orders',
      keys: { customer: 'follow', item: 'leave' },
      columns: { mail: { expression: ' md5(mail) ', as: 'masked' }, note: { exclude: true } },
    },
    'public.v*': { columns: { A: { as: 'b' } } },
    'public.items': { conflicts: 'truncate' },
  },
})

test('filters, keys and expressions are told in the task’s order, without the blanks around them', () => {
  expect(rowFilters(shop)).toMatchObject([{ name: 'public.Orders', where: 'id > 5' }])
  expect(keyChoices(shop)).toMatchObject([
    { key: 'customer', choice: 'follow' },
    { key: 'item', choice: 'leave' },
  ])
  expect(columnExpressions(shop)).toMatchObject([{ column: 'mail', expression: 'md5(mail)' }])
})

test('a name that only renames may be a view’s, and is none of a table', () => {
  expect(tableNames(shop).map(({ name }) => name)).toEqual(['public.Orders', 'public.items'])
  expect(tableNames({})).toEqual([])
})

test('what is wanted of names knows the tables that it is for', () => {
  const wishes = nameWishes(shop)
  expect(wishes).toMatchObject({ case: 'lower', schemas: { Billing: 'money' } })
  const [orders, views] = wishes?.tables ?? []
  expect(wishes?.tables).toHaveLength(2)
  expect(orders?.as).toEqual({ schema: 'sales', name: 'orders' })
  expect(Object.keys(orders?.columns ?? {})).toEqual(['mail', 'note'])
  expect([orders?.matches('public', 'Orders'), orders?.matches('public', 'orders')]).toEqual([true, false])
  expect([views?.matches('public', 'v1'), views?.as, Object.keys(views?.columns ?? {})]).toEqual([true, null, ['A']])
})

test('nothing is wanted of names where no option changes one', () => {
  expect(nameWishes(database({ tables: { 'a.b': { where: 'true', columns: { c: { expression: '1' } } } } }))).toBeNull()
  expect(nameWishes(database({}))).toBeNull()
  expect(nameWishes(database({ names: { case: 'dts' } }))).not.toBeNull()
})
