import { expect, test } from 'vitest'
import { isNothing, type Renames, schemaThere, typesUnder } from '../../../lambdas/core/names/renames.ts'

const renames: Renames = {
  schemas: new Map([
    ['billing', 'order'],
    ['My "Schema"', 'plain'],
  ]),
  emptied: new Map([['public', 'app']]),
  made: [],
  relations: new Map(),
  problems: [],
}

test('a schema is called by its new name, whether it is renamed or emptied', () => {
  expect(['billing', 'public', 'other'].map((name) => schemaThere(renames, name))).toEqual(['order', 'app', 'other'])
})

test.each([
  ['integer', 'integer'],
  ['billing.kind', '"order".kind'],
  ['billing.kind[]', '"order".kind[]'],
  ['"My ""Schema""".t(3)', '"plain".t(3)'],
  ['public."T.x"', '"app"."T.x"'],
  ['other.kind', 'other.kind'],
  ['character varying(20)', 'character varying(20)'],
])('the type %s is %s there', (type, there) => {
  expect(typesUnder(renames)(type)).toBe(there)
  expect(typesUnder(null)(type)).toBe(type)
})

test('nothing is renamed where neither a schema nor a relation has another name', () => {
  expect(isNothing(renames)).toBe(false)
  expect(isNothing({ ...renames, schemas: new Map(), emptied: new Map() })).toBe(true)
})
