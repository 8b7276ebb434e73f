import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  quoteIdentifier,
  quoteLiteral,
  unquoteIdentifier,
  withoutKeywordQuotes,
  withoutKeywordQuotesSql,
} from '../../../lambdas/core/postgres/identifiers.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => !value.includes('\0'))

test('whatever the name, the server reads the same name back', async () => {
  const client = await (await createDatabase(sharedServer(15))).connect()
  await fc.assert(
    fc.asyncProperty(
      text.filter((value) => value !== '' && Buffer.byteLength(value) <= 63),
      async (name) => {
        const result = await client.query(`SELECT 1 AS ${quoteIdentifier(name)}`)
        expect(result.fields[0]?.name).toBe(name)
      },
    ),
    { numRuns: 200 },
  )
})

test('whatever the name, it is read as the server writes it', async () => {
  const client = await (await createDatabase(sharedServer(15))).connect()
  await fc.assert(
    fc.asyncProperty(
      text.filter((value) => value !== ''),
      async (name) => {
        const { rows } = await client.query('SELECT quote_ident($1) AS written', [name])
        expect(unquoteIdentifier(rows[0].written)).toBe(name)
      },
    ),
    { numRuns: 200 },
  )
})

test('whatever the names, two servers’ ways to write them come to the same, and those of others to something else', async () => {
  const client = await (await createDatabase(sharedServer(15))).connect()
  const name = fc.string({
    unit: fc.constantFrom('a', 'b', '"', ' ', '.', 'A', '1', '$', ','),
    minLength: 1,
    maxLength: 5,
  })
  const names = fc.array(name, { minLength: 1, maxLength: 3 })
  const quoted = (all: readonly string[]) => `f(${all.map(quoteIdentifier).join(',')})`
  await fc.assert(
    fc.asyncProperty(names, names, async (some, others) => {
      const { rows } = await client.query(
        `SELECT 'f(' || string_agg(quote_ident(n), ',' ORDER BY place) || ')' AS written,
                ${withoutKeywordQuotesSql('min($2::text)')} AS alike FROM unnest($1::text[]) WITH ORDINALITY AS u(n, place)`,
        [some, quoted(some)],
      )
      const alike = withoutKeywordQuotes(quoted(some))
      expect(withoutKeywordQuotes(rows[0].written)).toBe(alike)
      expect(rows[0].alike).toBe(alike)
      expect(alike === withoutKeywordQuotes(quoted(others))).toBe(quoted(some) === quoted(others))
    }),
    { numRuns: 300 },
  )
})

test.each(['on', 'off'])(
  'whatever the text, a literal means it with standard_conforming_strings %s',
  async (setting) => {
    const client = await (await createDatabase(sharedServer(15))).connect()
    await client.query(`SET standard_conforming_strings = ${setting}; SET escape_string_warning = off`)
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, fc.constantFrom("\\'", "'; DROP", '\\\\', '\\x27')), async (value) => {
        const result = await client.query(`SELECT ${quoteLiteral(value)}::text AS v`)
        expect(result.rows[0]).toEqual({ v: value })
      }),
      { numRuns: 200 },
    )
  },
)

test('NUL, which no name and no text can hold, is refused', () => {
  expect(() => quoteIdentifier('a\0b')).toThrow(RangeError)
  expect(() => quoteLiteral('a\0b')).toThrow(RangeError)
})
