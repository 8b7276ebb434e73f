import { describe, expect, test } from 'vitest'
import { selectionOf } from '../../lambdas/task/selection.ts'

describe('a selection', () => {
  test('everything is chosen by *.*, and nothing outside of schemas without it', () => {
    expect(selectionOf({ include: ['*.*'], exclude: ['a.*'] }).everything).toBe(true)
    expect(selectionOf({ include: ['public.*'], exclude: [] }).everything).toBe(false)
  })

  test('a schema is chosen whole only by a star for its tables', () => {
    const selection = selectionOf({ include: ['public.*', 'billing.invoice_*'], exclude: ['public.tmp_*'] })
    expect(selection.includesWholeSchema('public')).toBe(true)
    expect(selection.includesWholeSchema('billing')).toBe(false)
    expect(selectionOf({ include: ['*.*'], exclude: ['public.*'] }).includesWholeSchema('public')).toBe(false)
  })

  test('patterns that name nothing are told, whole schemas without tables are something', () => {
    const selection = selectionOf({ include: ['*.*', 'a.*', 'b.x'], exclude: ['empty.*', 'none.*', '*.y'] })
    const tables = [{ schema: 'a', name: 't' }]
    expect(selection.unmatchedPatterns(tables, ['a', 'empty'])).toEqual(['b.x', 'none.*', '*.y'])
  })
})
