import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutByPages, cutLargeObjects, numberChunks } from '../../lambdas/copy/plan/chunking.ts'

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

test('before version 14 chunks are small enough for an array of TIDs', () => {
  const chunks = cutByPages({ oid: 1, bytes: 10 ** 9, pages: 122_070 }, { chunkBytes: 10 ** 9, sourceVersion: 130_023 })
  expect(chunks.length).toBeGreaterThanOrEqual(29)
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
