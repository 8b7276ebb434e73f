import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readNames } from '../../../../lambdas/core/names/catalogue.ts'
import { resolveNames } from '../../../../lambdas/core/names/resolve.ts'
import { quoteIdentifier, quoteQualified } from '../../../../lambdas/core/postgres/identifiers.ts'
import { nameWishes } from '../../../../lambdas/core/task/table-options.ts'
import { renameSql } from '../../../../lambdas/stages/schema/transform/rename-sql.ts'
import { openSession } from '../../../support/copy-run.ts'
import { createDatabase, sharedServer } from '../../../support/servers.ts'

/** Few names, so that they change places, meet and go round; with all that has a meaning in SQL or in a pattern, and 63 bytes. */
const NAMES = ['a', 'A', 'b', 'a.b', 'a"b', ' ', 'sélect', 'Ä'.repeat(31), `x${'ß'.repeat(31)}`, 'user', "it's", '$1']
const name = fc.constantFrom(...NAMES)

interface Table {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
  readonly toSchema: string | null
  readonly to: string
  readonly columnsTo: readonly string[]
}

const table: fc.Arbitrary<Table> = fc.record({
  schema: fc.constantFrom('s', 'S t', 'public'),
  name,
  columns: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
  toSchema: fc.option(fc.constantFrom('s', 'S t', 'new', 'public')),
  to: name,
  columnsTo: fc.array(name, { minLength: 4, maxLength: 4 }),
})

const tables = fc.uniqueArray(table, {
  minLength: 1,
  maxLength: 5,
  selector: ({ schema, name: own }) => `${schema}.${own}`,
})
const schemas = fc.constantFrom(
  {},
  { s: 'S t', 'S t': 's' },
  { s: 'other' },
  { public: 'app' },
  { s: 'S t', 'S t': 'third' },
)

test('whatever names are given, they are there afterwards, or were refused before since two would have been one', async () => {
  const database = await createDatabase(sharedServer(15), 'CREATE SCHEMA s; CREATE SCHEMA "S t"')
  const session = await openSession(database, 'source')
  let renamed = 0
  await fc.assert(
    fc.asyncProperty(tables, schemas, async (wanted, spaces) => {
      await session.execute('BEGIN')
      try {
        for (const { schema, name: own, columns } of wanted) {
          const list = columns.map((column) => `${quoteIdentifier(column)} int`).join()
          await session.execute(`CREATE TABLE ${quoteQualified(schema, own)} (${list})`)
        }
        const wishes = nameWishes({
          names: { case: 'source', schemas: spaces },
          tables: Object.fromEntries(
            wanted.map(({ schema, name: own, columns, toSchema, to, columnsTo }) => [
              quoteQualified(schema, own),
              {
                as: toSchema === null ? quoteIdentifier(to) : quoteQualified(toSchema, to),
                columns: Object.fromEntries(columns.map((column, at) => [column, { as: columnsTo[at] ?? column }])),
              },
            ]),
          ),
        })
        if (wishes === null) throw new Error('nothing is wanted')
        const renames = resolveNames(wishes, await readNames(session), () => true)
        const expected = wanted.map(({ schema, toSchema, to, columns, columnsTo }) => ({
          schema: toSchema ?? (spaces as Record<string, string>)[schema] ?? schema,
          name: to,
          columns: columns.map((_, at) => columnsTo[at] ?? ''),
        }))
        const clash =
          new Set(expected.map((one) => JSON.stringify([one.schema, one.name]))).size < expected.length ||
          expected.some(({ columns }) => new Set(columns).size < columns.length)
        const spacesClash = renames.problems.some(({ text }) => text.startsWith('the schemas '))
        if (!spacesClash) expect(renames.problems.length > 0).toBe(clash)
        if (renames.problems.length > 0) return
        for (const statement of renameSql(renames, [])) await session.execute(statement)
        const found = await session.rows<{ schema: string; name: string; columns: string[] }>(
          `SELECT n.nspname::text AS schema, c.relname::text AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information)' GROUP BY 1, 2`,
        )
        const key = ({ schema, name: own }: { schema: string; name: string }) => JSON.stringify([schema, own])
        const sorted = <One extends { schema: string; name: string }>(all: readonly One[]) =>
          all.toSorted((one, other) => (key(one) < key(other) ? -1 : 1))
        expect(sorted(found)).toEqual(sorted(expected))
        renamed += 1
      } finally {
        await session.execute('ROLLBACK')
      }
    }),
    {
      numRuns: 120,
      // It stays where it is while its schema takes another name, which another schema takes over.
      examples: [
        [
          [
            {
              schema: 'S t',
              name: 'a"b',
              columns: ['a.b'],
              toSchema: 'S t',
              to: 'a"b',
              columnsTo: ['a.b', 'a', 'a', 'a'],
            },
          ],
          { s: 'S t', 'S t': 'third' },
        ],
      ],
    },
  )
  await session.close()
  expect(renamed).toBeGreaterThan(20)
})
