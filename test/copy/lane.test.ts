import { expect, test } from 'vitest'
import { handler as copyLane } from '../../lambdas/copy/lane-handler.ts'
import { handler as planCopy } from '../../lambdas/copy/plan-handler.ts'
import { handler as summariseCopy } from '../../lambdas/copy/summary-handler.ts'
import type { StepEvent } from '../../lambdas/runtime/event.ts'
import { handler as keepSnapshot } from '../../lambdas/snapshot/handler.ts'
import { planRelations } from '../support/copy-run.ts'
import { stepContext, stepEvent } from '../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../support/servers.ts'

process.env.SAMPAN_ARTEFACTS = 'file:///tmp/unused'
process.env.SAMPAN_LOG = 'off'

const TABLES = `
  CREATE TABLE plain (id int, note text);
  CREATE TABLE "Odd ""name" ("a b" text, n numeric, at timestamptz, gen int GENERATED ALWAYS AS (1) STORED);
  CREATE TABLE nothing ();
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE typed (m mood, ms mood[], j jsonb, b bytea, d date);`

const ROWS = `
  INSERT INTO plain SELECT g % 1000, 'row ' || (g % 1000) FROM generate_series(1, 100000) g;
  INSERT INTO "Odd ""name" SELECT 'x', 'NaN', '-infinity' FROM generate_series(1, 3);
  INSERT INTO nothing SELECT FROM generate_series(1, 5);
  INSERT INTO typed VALUES ('ok', '{sad,ok,NULL}', '{"a":1.0}', '\\x00ff', '0044-03-15 BC');`

async function prepare(major: 15 | 18 = 15, overrides = {}) {
  const source = await createDatabase(sharedServer(major), TABLES + ROWS)
  const destination = await createDatabase(sharedServer(18), TABLES)
  const event = stepEvent(source, destination, { chunkMegabytes: 1, ...overrides })
  await planRelations(source, destination, event)
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  return { source, destination, event }
}

/** One round of the copy: two keepers beside the lanes, as the workflow runs them. */
async function copyRound(event: StepEvent, lanes: number) {
  const keepers = [1, 2].map((lane) => keepSnapshot({ ...event, lane }, stepContext()))
  const results = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const answer = await copyLane({ ...event, lane }, stepContext())
      return { lane, verdict: answer.verdict, error: answer.error }
    }),
  )
  const summary = await summariseCopy({ ...event, results }, stepContext())
  return { results, summary, keepers: await Promise.all(keepers) }
}

async function sorted(database: TestDatabase, table: string) {
  return database.query(`SELECT md5(string_agg(h, ',' ORDER BY h)) AS hash, count(*) AS rows
                           FROM (SELECT md5(t::text) AS h FROM ONLY ${table} t) hashes`)
}

test('two lanes bring every row of every table exactly once', async () => {
  const { source, destination, event } = await prepare()
  const { results, summary, keepers } = await copyRound(event, 2)
  expect(results.map((result) => result.error)).toEqual([null, null])
  expect(summary).toMatchObject({ verdict: 'done', error: null })
  expect(keepers.map((keeper) => keeper.verdict)).toEqual(['done', 'done'])
  for (const table of ['plain', '"Odd ""name"', 'nothing', 'typed']) {
    expect(await sorted(destination, table), table).toEqual(await sorted(source, table))
  }
  const chunks = await destination.query(`SELECT count(*) AS chunks, sum(rows) AS rows, count(digest) AS digests FROM sampan.chunk`)
  expect(Number(chunks[0]?.chunks)).toBeGreaterThan(6)
  expect(chunks[0]).toMatchObject({ rows: '100009', digests: chunks[0]?.chunks })
})
