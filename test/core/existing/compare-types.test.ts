import { expect, test } from 'vitest'
import { compareTypes } from '../../../lambdas/core/existing/compare-types.ts'
import type { Meeting } from '../../../lambdas/core/existing/meetings.ts'
import type { UserType } from '../../../lambdas/core/existing/tables.ts'
import { typesUnder } from '../../../lambdas/core/names/renames.ts'

const composite = (name: string, type: string): UserType => {
  return { name, kind: 'c', table: null, labels: [], fields: [{ name: 'a', type }], rules: [] }
}

function meeting(ours: readonly UserType[], theirs: readonly UserType[]): Meeting {
  const name = { schema: 's', name: 't' }
  const chosen = { ...name, there: name, columns: new Map(), excluded: [] }
  return { mode: 'truncate', chosen, source: { types: ours }, there: { types: theirs } } as unknown as Meeting
}

test('types are met by their names, whatever quotes the two servers write, and also under another schema’s name', () => {
  const ours = [composite('s.json_value', 's.json_scalar'), composite('s.pair', 'integer')]
  const theirs = [composite('"Shop"."json_value"', '"Shop"."json_scalar"'), composite('"Shop".pair', 'text')]
  const renames = { schemas: new Map([['s', 'Shop']]), relations: new Map() }
  const found = compareTypes([meeting(ours, theirs)], typesUnder(renames as never))
  expect(found.map(({ text }) => text)).toEqual([
    'type "Shop".pair: (a integer) on the source, (a text) on the destination',
  ])
  const plain = compareTypes(
    [meeting(ours, theirs)],
    typesUnder({ schemas: new Map([['s', 'shop']]), relations: new Map() } as never),
  )
  expect(plain).toEqual([])
})
