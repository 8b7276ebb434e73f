import { describe, expect, it } from 'vitest'
import {
  bytesText,
  countText,
  durationRange,
  durationText,
  numberOf,
  partOf,
} from '../../../lambdas/core/present/units.ts'

describe('units', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1_234_567, '1.23 MB'],
    [999_600, '1.00 MB'],
    [45e9, '45.0 GB'],
  ])('%d bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text))

  it.each([
    [0, '0.0 s'],
    [0.04, '0.04 s'],
    [0.4, '0.4 s'],
    [42, '42 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 05 min'],
  ])('%d seconds are %s', (seconds, text) => expect(durationText(seconds)).toBe(text))

  it('counts have separators, and their noun', () => {
    expect(countText(1_234_567)).toBe('1,234,567')
    expect([numberOf(1, 'table'), numberOf(1500, 'table'), numberOf(2, 'index', 'indexes')]).toEqual([
      '1 table',
      '1,500 tables',
      '2 indexes',
    ])
  })

  it('a part is of an estimate, unless there is none or it is behind', () => {
    expect(partOf(12_345, 99_000, 'row')).toBe('12,345 of about 99,000 rows')
    expect([partOf(1, null, 'row'), partOf(2, undefined, 'row'), partOf(12, 11, 'row')]).toEqual([
      '1 row',
      '2 rows',
      '12 rows',
    ])
  })

  it.each([
    [0, 0.2, 'about 1 s'],
    [40, 55, '40–55 s'],
    [80, 150, '1–3 min'],
    [7000, 7300, 'about 2 h'],
    [3000, 9000, '1–3 h'],
  ])('from %d to %d seconds are %s', (least, most, text) => expect(durationRange(least, most)).toBe(text))
})
