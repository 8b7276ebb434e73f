import { expect, test } from 'vitest'
import type { Relation } from '../../../lambdas/core/ledger/relation.ts'
import { OWN_PATH } from '../../../lambdas/core/postgres/search-path.ts'
import { cargoOf } from '../../../lambdas/core/rows/cargo.ts'
import { destinationDigest, sourceDigest } from '../../../lambdas/core/rows/digest.ts'
import { bucketQuery, pairQuery, rowHashes } from '../../../lambdas/core/rows/row-hashes.ts'
import { rowsOf, tableOf, whereOf } from '../../../lambdas/core/rows/select.ts'
import { analyzingSql, emptyingSql } from '../../../lambdas/core/rows/upkeep.ts'
import { relationOf } from '../../support/relations.ts'

const SERVERS = {
  sourceVersion: 150_000,
  sourceEncoding: 'UTF8',
  destinationEncoding: 'UTF8',
  modernDigest: true,
  digests: true,
  searchPath: OWN_PATH,
}
const HERE = ['shop', 'orders', 'placed', 'total', 'h_here', 'c_here']
const THERE = ['archive', 'bestellungen', 'datum', 'summe', 'h_there', 'c_there']

const RENAMED = relationOf({
  bytes: 1_000_000,
  pages: 100,
  source: { schema: 'shop', name: 'orders', columns: ['placed', 'total'], digestSql: 'h_here', where: 'c_here' },
  destination: {
    schema: 'archive',
    name: 'bestellungen',
    columns: ['datum', 'summe'],
    digestSql: 'h_there',
    where: 'c_there',
  },
})

/** Names are whole words: none of the other end's is in the statement, and some of its own are. */
function expectNames(sql: string | null, own: readonly string[], foreign: readonly string[]) {
  const words = new Set((sql ?? '').match(/\w+/g))
  expect(foreign.filter((name) => words.has(name))).toEqual([])
  expect(own.filter((name) => words.has(name))).not.toEqual([])
}

const pages = { kind: 'tid', lower: '10', upper: '20', keyColumn: null } as const
const key = { kind: 'key', lower: '["a"]', upper: '["b"]', keyColumn: '["placed"]' } as const
const whole = { kind: 'whole', lower: null, upper: null, keyColumn: null } as const

const wherever = (relation: Relation) => ({
  'COPY out, whole': cargoOf(relation, whole, SERVERS).copyOut,
  'COPY out, pages': cargoOf(relation, pages, SERVERS).copyOut,
  'COPY out, pages before 14': cargoOf(relation, pages, { ...SERVERS, sourceVersion: 100_000 }).copyOut,
  'COPY out, array of TIDs': cargoOf(
    { ...relation, bytes: 10 ** 12 },
    { ...pages, upper: null },
    { ...SERVERS, sourceVersion: 100_000 },
  ).copyOut,
  'COPY out, key': cargoOf(relation, key, SERVERS).copyOut,
  'digest beside the COPY': cargoOf(relation, pages, SERVERS).digest,
  'digest after a lost view': sourceDigest(relation, key, SERVERS),
  buckets: bucketQuery(relation.source, rowHashes(relation.source, ['placed'], 150_000), 8),
  'rows of buckets': pairQuery(relation.source, rowHashes(relation.source, [], 150_000), 8),
})

const destined = (relation: Relation) => ({
  'COPY in': cargoOf(relation, pages, SERVERS).copyIn,
  'COPY in, text of another encoding': cargoOf(relation, pages, { ...SERVERS, sourceEncoding: 'LATIN1' }).copyIn,
  'emptying a part': emptyingSql([relation], 'r'),
  TRUNCATE: emptyingSql([{ ...relation, destination: { ...relation.destination, where: null } }], 'r'),
  digest: destinationDigest(relation.destination, pages, SERVERS),
  count: destinationDigest(relation.destination, whole, { ...SERVERS, digests: false }),
  ANALYZE: analyzingSql(relation.destination),
  buckets: bucketQuery(relation.destination, rowHashes(relation.destination, ['datum'], 150_000), 8),
  'rows of buckets': pairQuery(relation.destination, rowHashes(relation.destination, [], 150_000), 8),
})

test.each(Object.entries(wherever(RENAMED)))('the source is asked by its own names alone: %s', (_, sql) => {
  expectNames(sql, HERE, THERE)
})

test.each(Object.entries(destined(RENAMED)))('the destination is told by its own names alone: %s', (_, sql) => {
  expectNames(sql, THERE, HERE)
})

test('a COPY names the columns of both ends in one order', () => {
  const { copyOut, copyIn } = cargoOf(RENAMED, whole, SERVERS)
  expect(copyOut).toContain(
    'COPY (SELECT "placed", "total" FROM ONLY "shop"."orders" WHERE (c_here\n)) TO STDOUT (FORMAT text)',
  )
  expect(copyIn).toContain('COPY "archive"."bestellungen" ("datum", "summe") FROM STDIN (FORMAT text)')
})

test('a tree is read through its root, any other table alone', () => {
  expect(rowsOf(RENAMED.source)).toBe('ONLY "shop"."orders"')
  expect(rowsOf({ ...RENAMED.destination, tree: true })).toBe('"archive"."bestellungen"')
  expect(tableOf(RENAMED.destination)).toBe('"archive"."bestellungen"')
  expect(whereOf({ where: null })).toBe('')
})

test('the ends cannot be mixed up', () => {
  // @ts-expect-error the destination's digest is made of the destination's names
  destinationDigest(RENAMED.source, whole, SERVERS)
  // @ts-expect-error statistics are the destination's
  analyzingSql(RENAMED.source)
  // @ts-expect-error the source's digest reads the source's end
  expect(() => sourceDigest({ ...RENAMED, source: RENAMED.destination }, whole, SERVERS)).not.toThrow()
})

test('large objects are rows without a table: they are copied and digested by their ids, and need no emptying', () => {
  const large = relationOf({ oid: 0 })
  const range = { kind: 'large_objects', lower: '7', upper: '9', keyColumn: null } as const
  const { copyOut, copyIn, digest, afterwards } = cargoOf(large, range, SERVERS)
  for (const sql of [copyOut, digest, destinationDigest(large.destination, range, SERVERS)]) {
    expect(sql).toContain('m.oid >= 7::pg_catalog.oid AND m.oid < 9::pg_catalog.oid')
  }
  expect(copyIn).toContain('sampan.large_object_page')
  expect(afterwards).toContain('lo_create')
  expect(emptyingSql([large], 'r')).toBe('')
})
