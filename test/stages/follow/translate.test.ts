import { expect, test } from 'vitest'
import { Translator } from '../../../lambdas/stages/follow/translate.ts'

const columns = [
  { name: 'id', type: 23, modifier: -1 },
  { name: 'word', type: 25, modifier: -1 },
]
const table = { oid: 5, schema: 'public', name: 'items', columns, key: ['id'] }
const id = { name: 'id', type: 23, modifier: -1, inIdentity: true }
const word = { name: 'word', type: 25, modifier: -1, inIdentity: false }
const told = { kind: 'relation', oid: 5, schema: 'public', name: 'items', identity: 'd', columns: [id, word] } as const

const translator = new Translator([table])

test('a table as it was copied is followed', () => {
  expect(() => translator.check(told)).not.toThrow()
  expect(() =>
    translator.check({ ...told, identity: 'f', columns: told.columns.map((one) => ({ ...one, inIdentity: true })) }),
  ).not.toThrow()
})

test.each([
  ['another name', { ...told, name: 'things' }],
  ['a column more', { ...told, columns: [id, word, { ...word, name: 'more' }] }],
  ['a column less', { ...told, columns: [id] }],
  ['another type', { ...told, columns: [id, { ...word, type: 1043 }] }],
  ['another order', { ...told, columns: [word, id] }],
  ['no identity', { ...told, identity: 'n' }],
  [
    'another key',
    {
      ...told,
      columns: [
        { ...id, inIdentity: false },
        { ...word, inIdentity: true },
      ],
    },
  ],
  ['a table that is not followed', { ...told, oid: 6 }],
])('%s stops it before a row', (_, relation) => {
  expect(() => translator.check(relation)).toThrow(expect.objectContaining({ code: 'FOLLOW_SCHEMA_CHANGED' }))
})

test('a row that gets another key is told apart from one that does not', () => {
  const update = { kind: 'update', oid: 5, row: ['2', undefined] } as const
  expect(translator.translate({ ...update, old: ['1', null] })).toMatchObject({ kind: 'move', key: ['1'] })
  expect(translator.translate({ ...update, old: ['2', 'long'] })).toMatchObject({ kind: 'update', key: ['2'] })
  expect(translator.translate({ ...update, old: null })).toMatchObject({ kind: 'update', key: ['2'] })
  // A key in TOAST that is unchanged comes in the old row alone.
  const long = { ...update, row: [undefined, 'other'], old: ['long', null] }
  expect(translator.translate(long)).toMatchObject({ kind: 'update', key: ['long'], row: ['long', 'other'] })
})
