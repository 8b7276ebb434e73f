import { styleText } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { visible, visibleIn, visibleLines } from '../../../lambdas/core/present/visible.ts'

const red = styleText('red', 'FAILED', { validateStream: false })

describe('what a terminal would obey', () => {
  test('is written out in a line', () => {
    expect(visible('a\nb\r\tc\x1b[2K\x7f\u009b2J\u202eabc')).toBe('a\\nb\\r\\tc\\x1b[2K\\x7f\\x9b2J\\u202eabc')
    expect(visible('Bücher "ü" 表 👩‍👧')).toBe('Bücher "ü" 表 👩‍👧')
  })

  test('never comes through, whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
      }),
    )
  })

  test('is written out in lines, whose ends and colours stay', () => {
    expect(visibleLines(`one ${red}\ntwo \x1b[2J\x1b]0;title\x07`)).toBe(`one ${red}\ntwo \\x1b[2J\\x1b]0;title\\x07`)
  })

  test('is written out wherever it is in a document, which keeps its form', () => {
    const when = new Date(0)
    const document = { 'a\n': ['b\r', 1, null, true], when, map: new Map([['c\t', { d: '\x1b' }]]) }
    expect(visibleIn(document)).toEqual({
      'a\\n': ['b\\r', 1, null, true],
      when,
      map: new Map([['c\\t', { d: '\\x1b' }]]),
    })
  })
})
