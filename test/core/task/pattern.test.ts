import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesTablePattern, parseTablePattern } from '../../../lambdas/core/task/pattern.ts'

function matches(text: string, schema: string, table: string): boolean {
  const pattern = parseTablePattern(text)
  if (pattern === null) throw new Error(`not a pattern: ${text}`)
  return matchesTablePattern(pattern, schema, table)
}

describe('a table pattern', () => {
  it('names tables by schema and name, with * and ?', () => {
    expect(matches('public.*', 'public', 'orders')).toBe(true)
    expect(matches('public.*', 'billing', 'orders')).toBe(false)
    expect(matches('*.invoice_20??', 'billing', 'invoice_2024')).toBe(true)
    expect(matches('*.invoice_20??', 'billing', 'invoice_202')).toBe(false)
    expect(matches('*.*_log_*', 'a', 'x_log_log_y')).toBe(true)
  })

  it('takes upper and lower case as written', () => {
    expect(matches('public.Users', 'public', 'Users')).toBe(true)
    expect(matches('public.users', 'public', 'Users')).toBe(false)
  })

  it('takes dots, blanks and quotes inside double quotes', () => {
    expect(matches('"My.Schema"."T*"', 'My.Schema', 'Table 1')).toBe(true)
    expect(matches('"a""b".c', 'a"b', 'c')).toBe(true)
  })

  it.each([['orders'], ['a.b.c'], ['.a'], ['a.'], ['"a.b'], ['a b.c'], ['""."x"'], ['']])('is not %s', (text) => {
    expect(parseTablePattern(text)).toBeNull()
  })

  it('written from any two names, quoted, names that table', () => {
    const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('\0'))
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
    fc.assert(
      fc.property(name, name, (schema, table) => {
        expect(matches(`${quote(schema)}.${quote(table)}`, schema, table)).toBe(true)
      }),
    )
  })

  it('full of stars does not take for ever', () => {
    const started = process.cpuUsage()
    expect(matches(`a.${'*a'.repeat(30)}b`, 'a', 'a'.repeat(63))).toBe(false)
    expect(process.cpuUsage(started).user).toBeLessThan(500_000)
  })
})
