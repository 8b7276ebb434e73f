import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readingOfRange } from '../../../lambdas/core/rows/page-reading.ts'
import { cutByPages, cutLargeObjects, numberChunks } from '../../../lambdas/stages/copy/plan/chunking.ts'
import { relationOf } from '../../support/relations.ts'

const RELATION = relationOf()

const relations = fc.record({
  oid: fc.integer({ min: 1, max: 2 ** 31 }),
  bytes: fc.integer({ min: 0, max: 10 ** 13 }),
  pages: fc.integer({ min: 0, max: 2000 }),
})

test('the chunks of a table cover every page once, those before and behind the planned ones included', () => {
  fc.assert(
    fc.property(
      relations,
      fc.integer({ min: 10 ** 6, max: 10 ** 10 }),
      fc.constantFrom(130_000, 150_000),
      (relation, chunkBytes, sourceVersion) => {
        const chunks = cutByPages(relation, { chunkBytes, sourceVersion })
        expect(chunks.at(0)?.lower).toBeNull()
        expect(chunks.at(-1)?.upper).toBeNull()
        for (const [index, chunk] of chunks.entries()) {
          expect(chunk.relation).toBe(relation.oid)
          const next = chunks[index + 1]
          if (next !== undefined) {
            expect(chunk.upper).toBe(next.lower)
            expect(Number(chunk.upper)).toBeGreaterThan(Number(chunk.lower ?? 0))
          }
        }
        expect(chunks.length).toBeLessThanOrEqual(Math.max(1, relation.pages))
        expect(chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)).toBeGreaterThanOrEqual(relation.bytes)
      },
    ),
    { numRuns: 50 },
  )
})

test('no chunk is larger than asked, unless a page has more TOAST than that', () => {
  const chunks = cutByPages(
    { oid: 1, bytes: 1_000_000_000, pages: 100_000 },
    { chunkBytes: 64_000_000, sourceVersion: 150_000 },
  )
  expect(chunks).toHaveLength(16)
  expect(Math.max(...chunks.map((chunk) => chunk.bytes))).toBeLessThanOrEqual(64_000_000)
  expect(
    cutByPages({ oid: 1, bytes: 10 ** 9, pages: 3 }, { chunkBytes: 1_000_000, sourceVersion: 150_000 }),
  ).toHaveLength(3)
})

test('before version 14 a table that is no larger than a chunk is one, and a small one has chunks as asked for', () => {
  const old = { chunkBytes: 256_000_000, sourceVersion: 130_023 }
  expect(cutByPages({ oid: 1, bytes: 250_000_000, pages: 30_000 }, old)).toMatchObject([{ kind: 'whole' }])
  expect(cutByPages({ oid: 1, bytes: 10 ** 9, pages: 122_070 }, old)).toHaveLength(4)
  // One that is asked for in one piece is one, however large.
  expect(cutByPages({ oid: 1, bytes: 10 ** 10, pages: 10 ** 6 }, { ...old, chunkBytes: 10 ** 10 })).toHaveLength(1)
})

test('before version 14 the chunks of a large table, or many of a small one, are small enough for an array of TIDs', () => {
  const old = { chunkBytes: 256_000_000, sourceVersion: 130_023 }
  expect(cutByPages({ oid: 1, bytes: 2 * 10 ** 9, pages: 244_140 }, old).length).toBeGreaterThanOrEqual(59)
  const many = cutByPages({ oid: 1, bytes: 10 ** 9, pages: 122_070 }, { ...old, chunkBytes: 58_000_000 })
  expect(many.length).toBeGreaterThanOrEqual(29)
})

test('large objects are cut at the oids given, open at both ends', () => {
  const bounds = ['100', '200', '300']
  expect(cutLargeObjects(bounds, 90).map(({ lower, upper, bytes }) => [lower, upper, bytes])).toEqual([
    [null, '200', 30],
    ['200', '300', 30],
    ['300', null, 30],
  ])
})

test('chunks are numbered by size, the largest first', () => {
  const sizes = [5, 50, 20].flatMap((bytes) =>
    cutByPages({ oid: 1, bytes, pages: 1 }, { chunkBytes: 100, sourceVersion: 150_000 }),
  )
  expect(numberChunks(sizes).map(({ id, bytes }) => [id, bytes])).toEqual([
    [1, 50],
    [2, 20],
    [3, 5],
  ])
})

test('a chunk that was halved is never read by an array of TIDs that fills the memory', () => {
  const relation = { ...RELATION, bytes: 5 * 10 ** 9, pages: 610_000 }
  const half = { id: 1, relation: 1, kind: 'tid', lower: null, upper: '305000', keyColumn: null, bytes: 1 } as const
  expect(readingOfRange(relation, half, 130_023)).toBe('scan')
  expect(readingOfRange(relation, { ...half, lower: '301000' }, 130_023)).toBe('array')
  expect(readingOfRange(relation, { ...half, lower: '301000' }, 140_000)).toBe('range')
  expect(readingOfRange({ ...relation, bytes: 10 ** 9, pages: 122_000 }, { ...half, upper: '30000' }, 130_023)).toBe(
    'scan',
  )
})
