import { expect, test } from 'vitest'
import type { ComputableColumn } from '../../../lambdas/core/expression/column.ts'
import { storedValue } from '../../../lambdas/core/expression/column.ts'
import { fits } from '../../../lambdas/core/expression/fits.ts'

const column = (change: Partial<ComputableColumn>): ComputableColumn => ({
  ...{ relation: 1, name: 'c', generated: false, type: 1700, modifier: -1, own: true, typeName: 'numeric' },
  ...{ plainType: 'numeric', wholeType: 'numeric' },
  ...change,
})
/** numeric(precision, scale) as the server counts it. */
const numeric = (precision: number, scale: number) => ((precision << 16) | (scale & 0x7ff)) + 4

test.each([
  ['more digits than the column', numeric(8, 3), numeric(8, 2), false],
  ['as many', numeric(8, 2), numeric(8, 2), true],
  ['fewer, of more before the point: too large is an error', numeric(12, 1), numeric(8, 2), true],
  ['any number of digits', -1, numeric(8, 2), false],
  ['hundreds, into thousands', numeric(8, -2), numeric(8, -3), false],
  ['thousands, into hundreds', numeric(8, -3), numeric(8, -2), true],
])('of a numeric: %s', (_, given, wanted, fit) => {
  expect(fits({ type: 1700, modifier: given }, column({ modifier: wanted }), false)).toBe(fit)
})

test('whole numbers fit where the column rounds nothing before the point', () => {
  expect(fits({ type: 23, modifier: -1 }, column({ modifier: numeric(8, 2) }), false)).toBe(true)
  expect(fits({ type: 23, modifier: -1 }, column({ modifier: numeric(8, -2) }), false)).toBe(false)
})

test('a length is kept as an assignment keeps it, and anything else by a cast', () => {
  const text = column({ type: 1043, typeName: 'varchar', modifier: 14, plainType: 'character varying' })
  expect(storedValue('a -- b', text)).toBe('pg_catalog."varchar"((a -- b\n)::character varying, 14, false)')
  expect(storedValue('a', column({ wholeType: 'numeric(8,2)' }))).toBe('(a\n)::numeric(8,2)')
  // A type of the user's that has the name of one of the server's.
  expect(storedValue('a', { ...text, own: false, wholeType: 'public."varchar"' })).toBe('(a\n)::public."varchar"')
})
