import { expect, test } from 'vitest'
import { listed } from '../../../lambdas/core/present/listed.ts'

const names = Array.from({ length: 12 }, (_, index) => `t${index + 1}`)

test('of many names the first are given, and how many more there are', () => {
  expect(listed([])).toBe('')
  expect(listed(names.slice(0, 2))).toBe('t1, t2')
  expect(listed(names)).toBe('t1, t2, t3, t4, t5, t6, t7, t8, t9, t10 and 2 more')
  expect(listed(names, { most: 2, of: 40, between: '; ' })).toBe('t1; t2; and 38 more')
})
