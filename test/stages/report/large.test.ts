import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { bundleHandlers } from '../../../infra/bundle.ts'
import { fileArtefacts } from '../../../lambdas/core/cloud/artefacts-file.ts'
import { readTables } from '../../../lambdas/stages/report/details.ts'
import { type Report, reportSchema } from '../../../lambdas/stages/report/model.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import type { TestDatabase } from '../../support/servers.ts'
import { copied, RUN, sessionOf } from '../validate/migration.ts'

const MEGABYTE = 1024 * 1024
const root = new URL('../../..', import.meta.url).pathname
let bundle: string

beforeAll(async () => {
  const handlers = { lane: 'lambdas/stages/report/handler.ts' }
  bundle =
    (await bundleHandlers({ handlers, root, out: join(await temporaryDirectory(), 'bundles') }))[0]?.directory ?? ''
})

/** A ledger with so many tables, each with three objects and a sequence; of every thousand the last differs, its index has failed. */
async function fillLedger(destination: TestDatabase, tables: number): Promise<void> {
  const session = await sessionOf(destination)
  const numbers = `pg_catalog.generate_series(1, ${tables}) n`
  const name = `'a_table_with_a_name_' || n`
  await session.execute(`
    INSERT INTO sampan.relation (run, oid, schema, name, columns, types, digest_sql, has_key, bytes)
      SELECT '${RUN}', 100000 + n, 'public', ${name}, '{id}', '{int8}', '1', true, 8192 * n FROM ${numbers};
    INSERT INTO sampan.chunk (run, id, relation, kind, bytes, state, generation, rows, copied_bytes, digest, finished_at)
      SELECT '${RUN}', n, 100000 + n, 'whole', 8192, 'done', 1, 10, 4096 * n, 1234567890123456789012, now() FROM ${numbers};
    INSERT INTO sampan.digest_part (run, id, relation, bytes, rows, digest, state)
      SELECT '${RUN}', n, 100000 + n, 8192, CASE WHEN n % 1000 = 0 THEN 9 ELSE 10 END, 1234567890123456789012, 'done' FROM ${numbers};
    INSERT INTO sampan.object (run, id, position, kind, schema, name, stage, verdict, status, error_code, error_message)
      SELECT '${RUN}', n, n, 'TABLE', 'public', ${name}, 'create', 'migrate', 'migrated', NULL, NULL FROM ${numbers} UNION ALL
      SELECT '${RUN}', 1000000 + n, 1000000 + n, 'CONSTRAINT', 'public', ${name} || '_pkey', 'index', 'migrate', 'migrated', NULL, NULL FROM ${numbers} UNION ALL
      SELECT '${RUN}', 2000000 + n, 2000000 + n, 'INDEX', 'public', ${name} || '_idx', 'index', 'migrate',
             CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'migrated' END, 'DST_SQL_42501', 'permission denied' FROM ${numbers};
    INSERT INTO sampan.sequence (run, schema, name, last_value, is_called, destination_last_value, destination_is_called)
      SELECT '${RUN}', 'public', ${name} || '_seq', n, true, n, true FROM ${numbers};
    ANALYZE sampan.chunk; ANALYZE sampan.digest_part; ANALYZE sampan.object; ANALYZE sampan.relation`)
  await session.close()
}

interface Written {
  readonly directory: string
  readonly seconds: number
  readonly megabytes: number
  readonly report: Report
}

/** One call of Report in a process of its own, by the bundle that is deployed. @param databases how often the one ledger is told */
async function reportOf({ event }: Awaited<ReturnType<typeof copied>>, databases: number): Promise<Written> {
  const out = await temporaryDirectory()
  const { task } = event
  const names = Array.from({ length: databases }, (_, number) => `database_${number}`)
  const [given] = task.databases
  const input = {
    ...event,
    ...{ database: null, failure: null, refused: false },
    task: { ...task, databases: names.map((name) => ({ ...given, name })) },
    results: names.map((database) => ({ database, verdict: 'done', error: null })),
  }
  const started = performance.now()
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--no-warnings',
      new URL('../../support/lane-process.ts', import.meta.url).pathname,
      bundle,
      JSON.stringify(input),
    ],
    { env: { ...process.env, SAMPAN_ARTEFACTS: `file://${out}`, SAMPAN_LOG: 'off' } },
  )
  const { verdict, error, peakBytes } = JSON.parse(stdout)
  expect({ verdict, error }).toEqual({ verdict: 'done', error: null })
  const directory = join(out, 'runs', RUN, event.run.execution)
  const report = reportSchema.parse(JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')))
  const seconds = (performance.now() - started) / 1000
  return { directory: out, seconds, megabytes: peakBytes / MEGABYTE, report }
}

async function sizes(written: Written): Promise<readonly number[]> {
  const directory = join(written.directory, 'runs', RUN, written.report.execution)
  const of = ['report.json', 'report.html'].map(async (name) => (await stat(join(directory, name))).size / MEGABYTE)
  return Promise.all(of)
}

test('a report of 20,000 tables stays small in file and memory, and its details have all', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const migration = await copied([], '')
  await fillLedger(migration.destination, 20_000)
  const written = await reportOf(migration, 1)
  const { report, megabytes, seconds } = written
  for (const size of await sizes(written)) expect(size).toBeLessThan(2)
  expect(megabytes).toBeLessThan(320)
  expect(seconds).toBeLessThan(100)
  const [database] = report.databases
  if (!database?.details) throw new Error('no details')
  expect(database.totals).toMatchObject({
    ...{ tables: 20_000, tablesEqual: 19_980, tablesDifferent: 20, rows: 200_000 },
    ...{ objects: 60_000, migrated: 59_980, failed: 20, sequences: 20_000, sequencesEqual: 20_000 },
  })
  // What needs attention is listed, then the largest.
  const names = database.tables.map(({ table }) => table)
  expect(database.tables.filter(({ match }) => match === false)).toHaveLength(20)
  expect(names).toContain('a_table_with_a_name_19999')
  expect(names).not.toContain('a_table_with_a_name_1')
  expect(database.objects.filter(({ status }) => status === 'failed')).toHaveLength(20)
  const all = await readTables(fileArtefacts(written.directory), database.details)
  expect(new Set(all.map(({ name }) => name)).size).toBe(20_000)
  expect(all.filter(({ match }) => match === false)).toHaveLength(20)
})

test('a report of many databases takes no more memory than of one, and each has its own details', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const migration = await copied([], '')
  await fillLedger(migration.destination, 100)
  const written = await reportOf(migration, 40)
  const { report, megabytes } = written
  expect(megabytes).toBeLessThan(200)
  expect(report.databases).toHaveLength(40)
  expect(report.databases.every(({ totals }) => totals.tables === 100 && totals.rows === 1_000)).toBe(true)
  expect(new Set(report.databases.map(({ details }) => details)).size).toBe(40)
})
