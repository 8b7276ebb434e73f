import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashBytes } from '../../../lambdas/core/postgres/hash-bytes.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'

type Row = readonly (string | null)[]

/** The digest of a set of rows, as it is taken of a table: the values are hexadecimal, `null` is NULL. */
async function digest(database: TestDatabase, rows: readonly Row[]): Promise<unknown> {
  const names = (rows[0] ?? []).map((_, index) => `c${index}`)
  const values = rows.map((row) => `(${row.map((value) => (value === null ? 'NULL' : `'\\x${value}'::bytea`))})`)
  const [answer] = await database.query(
    `SELECT count(*) AS rows, sum(${hashBytes(names)})::text AS digest FROM (VALUES ${values}) AS t(${names})`,
  )
  return answer?.digest
}

const value = fc.oneof(fc.constant(null), fc.constant(''), fc.stringMatching(/^([0-9a-f]{2}){1,9}$/))
const table = fc
  .integer({ min: 2, max: 5 })
  .chain((width) => fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 2, maxLength: 6 }))

/** A set of rows in which the same rows count as often. */
const bag = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).toSorted()

describe('the digest of rows', () => {
  test('differs when two values change places, in a row, in a column, or crosswise', { tags: 'long' }, async () => {
    const database = await createDatabase(sharedServer(15))
    await fc.assert(
      fc.asyncProperty(table, fc.array(fc.nat(1_000), { minLength: 4, maxLength: 4 }), async (rows, picks) => {
        const [r = 0, s = 0, c = 0, d = 0] = picks
        const changed = rows.map((row) => [...row])
        const [one, other] = [changed[r % rows.length] ?? [], changed[s % rows.length] ?? []]
        const [left, right] = [c % one.length, d % other.length]
        const kept = one[left] ?? null
        one[left] = other[right] ?? null
        other[right] = kept
        const same = JSON.stringify(bag(changed)) === JSON.stringify(bag(rows))
        expect((await digest(database, changed)) === (await digest(database, rows))).toBe(same)
      }),
      { numRuns: 150 },
    )
  })

  test('differs by one bit of one value, wherever it is', { tags: 'long' }, async () => {
    const database = await createDatabase(sharedServer(18))
    const rows = [
      ['00000000000000ff', '6162', ''],
      ['8000000000000000', '', null],
    ]
    const known = new Set([await digest(database, rows)])
    let changes = 0
    for (const [r, row] of rows.entries()) {
      for (const [c, bytes] of row.entries()) {
        for (let bit = 0; bit < (bytes?.length ?? 0) * 4; bit += 1) {
          const flipped = Buffer.from(bytes ?? '', 'hex')
          flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          const changed = rows.map((other, at) =>
            at === r ? other.map((was, i) => (i === c ? flipped.toString('hex') : was)) : other,
          )
          known.add(await digest(database, changed))
          changes += 1
        }
      }
    }
    expect(known.size).toBe(changes + 1)
  })

  test.each([
    ['NULL and no byte', [[null, '']], [['', null]]],
    ['bytes that move to the next column', [['6162', '63']], [['61', '6263']]],
    ['a row twice, and another one twice', [['61'], ['61'], ['62']], [['61'], ['62'], ['62']]],
    [
      'columns of two rows that change places',
      [
        ['61', '62'],
        ['63', '64'],
      ],
      [
        ['61', '64'],
        ['63', '62'],
      ],
    ],
    [
      'a row of NULLs more',
      [['61', null]],
      [
        ['61', null],
        [null, null],
      ],
    ],
  ] satisfies [string, Row[], Row[]][])('tells apart: %s', async (_, one, other) => {
    for (const major of [15, 18] as const) {
      const database = await createDatabase(sharedServer(major))
      expect(await digest(database, one)).not.toBe(await digest(database, other))
    }
  })

  test('is the same on two versions, and in any order of the rows', async () => {
    const [old, recent] = [await createDatabase(sharedServer(15)), await createDatabase(sharedServer(18))]
    const rows = [
      ['61', null, 'ff00'],
      ['', '62', '63'],
      [null, null, null],
    ]
    expect(await digest(old, rows)).toBe(await digest(recent, rows.toReversed()))
  })
})
