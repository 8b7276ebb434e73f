import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBuckets } from '../../../lambdas/stages/validate/drill-down/compare-buckets.ts'
import { compareRows, type HashedRow } from '../../../lambdas/stages/validate/drill-down/compare-rows.ts'

const row = (key: string, value: string, place = '(0,1)'): HashedRow => ({ key, row: value, place })

describe('rows compared by their hashes', () => {
  test('what one side alone has is missing or surplus, what both have otherwise is different', () => {
    const source = [row('a', '1'), row('b', '2', '(0,2)'), row('c', '3')]
    const destination = [row('c', '3'), row('b', '9', '(5,5)'), row('d', '4', '(6,6)')]
    expect(compareRows(source, destination, 20)).toEqual({
      missing: 1,
      surplus: 1,
      different: 1,
      rows: [
        { kind: 'missing', key: 'a', source: '(0,1)', destination: null },
        { kind: 'different', key: 'b', source: '(0,2)', destination: '(5,5)' },
        { kind: 'surplus', key: 'd', source: null, destination: '(6,6)' },
      ],
    })
  })

  test('duplicates count one by one', () => {
    const twice = [row('x', 'x'), row('x', 'x')]
    expect(compareRows(twice, [...twice, row('x', 'x')], 20)).toMatchObject({ missing: 0, surplus: 1, different: 0 })
    expect(compareRows([...twice, row('x', 'x')], twice, 20)).toMatchObject({ missing: 1, surplus: 0, different: 0 })
  })

  test('rows that are named are bounded, counts are not', () => {
    const many = Array.from({ length: 50 }, (_, index) => row(`k${index}`, 'v'))
    const { missing, rows } = compareRows(many, [], 20)
    expect([missing, rows.length]).toEqual([50, 20])
  })

  test('whatever the rows are: the numbers add up, and equal sets in any order have no difference', () => {
    const rows = fc.array(
      fc.record({ key: fc.constantFrom('a', 'b', 'c'), row: fc.constantFrom('1', '2'), place: fc.constant('(0,1)') }),
    )
    fc.assert(
      fc.property(rows, rows, (source, destination) => {
        const { missing, surplus } = compareRows(source, destination, 20)
        expect(source.length - missing).toBe(destination.length - surplus)
        expect(compareRows(source, [...source].reverse(), 20)).toMatchObject({ missing: 0, surplus: 0, different: 0 })
      }),
    )
  })
})

describe('buckets', () => {
  const bucket = (number: number, rows: number, digest: string) => ({ bucket: number, rows: String(rows), digest })

  test('only those that differ are read', () => {
    const source = [bucket(0, 5, '1'), bucket(1, 5, '2'), bucket(2, 5, '3')]
    const destination = [bucket(0, 5, '1'), bucket(1, 5, '9'), bucket(3, 1, '4')]
    expect(compareBuckets(source, destination, 100)).toMatchObject({ toRead: [1, 2, 3], complete: true })
  })

  test('what memory does not allow to be read counts for the least it can be', () => {
    const source = [bucket(0, 90, '1'), bucket(1, 90, '2'), bucket(2, 90, '3')]
    const destination = [bucket(0, 90, '0'), bucket(1, 80, '0'), bucket(2, 90, '0')]
    expect(compareBuckets(source, destination, 100)).toEqual({
      toRead: [0],
      unread: { missing: 10, surplus: 0, different: 1 },
      complete: false,
    })
  })
})
