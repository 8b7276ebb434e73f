import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quoteIdentifier, quoteLiteral, unquoteIdentifier } from '../../../lambdas/core/postgres/identifiers.ts'
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
