import { describe, expect, test } from 'vitest'
import { selectionOf } from '../../../lambdas/core/task/selection.ts'

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

  test('objects are excluded by kind, name, schema and table', () => {
    const selection = selectionOf({
      include: ['*.*'],
      exclude: [
        { kind: 'FUNCTION', name: 'net(numeric)', schema: 'shop' },
        { kind: 'TRIGGER', name: '*', table: 'orders' },
        { kind: 'LARGE OBJECTS', name: '*' },
      ],
    })
    const net = { kind: 'FUNCTION', names: ['net', 'net(numeric)'], schema: 'shop' }
    const audit = { kind: 'TRIGGER', names: ['audit'], schema: 'shop', table: 'orders' }
    expect(selection.excludesObject(net)).toBe(true)
    expect(selection.excludesObject({ ...net, names: ['net', 'net(text)'] })).toBe(false)
    expect(selection.excludesObject({ ...net, schema: 'other' })).toBe(false)
    expect(selection.excludesObject(audit)).toBe(true)
    expect(selection.excludesObject({ ...audit, table: 'users' })).toBe(false)
    expect([selection.everything, selection.largeObjects]).toEqual([true, false])
    expect(selection.unmatchedPatterns([], [], [net])).toEqual(['TRIGGER *.orders.*'])
  })

  test('tells what is included and all excluded again', () => {
    const tables = [
      { schema: 'a', name: 'x' },
      { schema: 'a', name: 'y' },
    ]
    const of = (include: string[], exclude: string[]) =>
      selectionOf({ include, exclude }).contradictedPatterns(tables, ['a'])
    expect(of(['a.x', 'a.y'], ['a.x'])).toEqual(['a.x'])
    expect(of(['*.*'], ['*.*'])).toEqual(['*.*'])
    expect(of(['a.*'], ['a.x', 'a.y'])).toEqual([])
    expect(of(['b.*'], [])).toEqual([])
  })
})
