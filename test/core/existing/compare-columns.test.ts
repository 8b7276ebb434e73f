import { expect, test } from 'vitest'
import { compareColumns } from '../../../lambdas/core/existing/compare-columns.ts'
import type { Column } from '../../../lambdas/core/existing/tables.ts'

const plain: Omit<Column, 'name'> = {
  ...{ type: 'integer', collation: null, notNull: false, identity: null, generated: null, hasDefault: false },
}
const column = (name: string, more: Partial<Column> = {}): Column => ({ ...plain, name, ...more })
const comes = (one: Column, there: string | null = one.name) => ({ column: one, there })

test('what keeps rows from coming is refused, and what they only meet otherwise is told, column by column', () => {
  const source = [
    comes(column('same')),
    comes(column('missing')),
    comes(column('excluded'), null),
    comes(column('renamed'), 'called'),
    comes(column('wider', { type: 'character varying(20)' })),
    comes(column('computed', { generated: 'a + 1' })),
    comes(column('stored')),
    comes(column('otherwise', { generated: 'a + 1' })),
    comes(column('strict')),
    comes(column('sorted', { collation: 'C' })),
    comes(column('numbered')),
  ]
  const destination = [
    column('numbered', { identity: 'a' }),
    column('sorted'),
    column('strict', { notNull: true }),
    column('otherwise', { generated: 'a + 2' }),
    column('stored', { generated: 'a + 1' }),
    column('computed'),
    column('wider', { type: 'character varying(10)' }),
    column('called'),
    column('same'),
    column('free'),
    column('filled', { notNull: true, hasDefault: true }),
    column('asked', { notNull: true }),
    column('counted', { notNull: true, identity: 'd' }),
  ]
  const found = compareColumns(source, destination)
  const of = (weight: string) => found.filter((one) => one.weight === weight).map(({ text }) => text)
  expect(of('refused')).toEqual([
    'column missing is missing on the destination',
    'column wider: character varying(20) on the source, character varying(10) on the destination',
    'column computed: generated as a + 1 on the source, not generated on the destination',
    'column stored: stored on the source, generated as a + 1 on the destination',
    'column asked is on the destination only, NOT NULL and without a default',
  ])
  expect(of('computed')).toEqual([
    'column otherwise: generated as a + 1 on the source, generated as a + 2 on the destination',
  ])
  expect(of('told')).toEqual([
    'column strict: may be NULL on the source, NOT NULL on the destination',
    'column sorted: collation C on the source, the type’s collation on the destination',
    'column numbered: no identity on the source, GENERATED ALWAYS AS IDENTITY on the destination',
    'column free is on the destination only, and stays NULL',
    'column filled is on the destination only, and gets its default',
  ])
})

test('types of the user’s are compared under the destination’s schemas', () => {
  const source = [comes(column('state', { type: 'legacy.state[]' }))]
  const there = (type: string) => type.replace('legacy.', 'archive.')
  expect(compareColumns(source, [column('state', { type: 'archive.state[]' })], there)).toEqual([])
})

test('a type is the same whichever of the two versions quotes a name in it', () => {
  const differs = (here: string, there: string) =>
    compareColumns([comes(column('a', { type: here }))], [column('a', { type: there })]).length > 0
  // json_table is a key word since 17.
  expect(differs('public.json_table', 'public."json_table"')).toBe(false)
  expect(differs('"order".t[]', '"order"."t"[]')).toBe(false)
  expect(differs('"Order".t', '"order".t')).toBe(true)
  expect(differs('"a""b"', 'ab')).toBe(true)
})
