import { expect, test } from 'vitest'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const DDL = `CREATE EXTENSION hstore; CREATE EXTENSION citext;
  CREATE TABLE plain (id int, f float8, note text); CREATE TABLE references_ (r regclass, ok int);
  CREATE TABLE same_version (h hstore); CREATE TABLE other_version (c citext);`
const ROWS = `INSERT INTO plain SELECT g, 1.0 / g, 'x' FROM generate_series(1, 1000) g; INSERT INTO references_ VALUES ('pg_class', 1);
  INSERT INTO same_version VALUES ('a=>1, b=>NULL'), (NULL); INSERT INTO other_version VALUES ('MiXeD');`

async function copied(format: 'auto' | 'text' | 'binary') {
  const source = await createDatabase(sharedServer(15), DDL + ROWS)
  const destination = await createDatabase(sharedServer(18), DDL)
  const event = stepEvent(source, destination, { format })
  await planRelations(source, destination, event)
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done', error: null })
  for (const table of ['plain', 'references_', 'same_version', 'other_version']) {
    const rows = `SELECT array_agg(t::text ORDER BY t::text COLLATE "C") AS all FROM ${table} t`
    expect(await destination.query(rows), table).toEqual(await source.query(rows))
    const [sent] = await destination.query(
      `SELECT digest_sql, (SELECT digest FROM sampan.chunk c WHERE c.relation = r.oid) AS digest FROM sampan.relation r WHERE name = '${table}'`,
    )
    const [here] = await destination.query(`SELECT sum(${sent?.digest_sql}) AS digest FROM ${table}`)
    expect(here?.digest, table).toBe(sent?.digest)
  }
  const relations = await destination.query(`SELECT name, format, format_reason FROM sampan.relation ORDER BY name`)
  const warnings = await destination.query(
    `SELECT message FROM sampan.event WHERE code = 'FORMAT_TEXT_INSTEAD' ORDER BY 1`,
  )
  return { relations, warnings: warnings.map(({ message }) => message) }
}

test('an extension’s types travel in binary form where both servers have the same version of it, and the plan names who does not', async () => {
  const { relations, warnings } = await copied('auto')
  expect(relations).toEqual([
    {
      name: 'other_version',
      format: 'text',
      format_reason: 'c (public.citext) the extension citext is 1.6 here and 1.8 there',
    },
    { name: 'plain', format: 'binary', format_reason: null },
    { name: 'references_', format: 'text', format_reason: expect.stringContaining('r (regclass) carries object ids') },
    { name: 'same_version', format: 'binary', format_reason: null },
  ])
  expect(warnings).toEqual([])
})

test('the task may want text: every table travels so, and is compared as before', async () => {
  const { relations } = await copied('text')
  expect(new Set(relations.map(({ format }) => format))).toEqual(new Set(['text']))
  expect(relations[1]?.format_reason).toBe('the task wants text')
})

test('the task may want binary: a table that would arrive wrong travels as text, and is warned of by its columns', {
  tags: 'long',
}, async () => {
  const { relations, warnings } = await copied('binary')
  expect(relations.map(({ format }) => format)).toEqual(['text', 'binary', 'text', 'binary'])
  expect(warnings).toEqual([
    expect.stringContaining('public.other_version travels as text, not binary as the task wishes: c (public.citext)'),
    expect.stringContaining('public.references_ travels as text, not binary as the task wishes: r (regclass)'),
  ])
})
