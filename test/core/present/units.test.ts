import { describe, expect, it } from 'vitest'
import { bytesText, countText, durationText, numberOf } from '../../../lambdas/core/present/units.ts'

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
})
