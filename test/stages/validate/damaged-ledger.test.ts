/** Somebody deletes rows of the ledger while a run works by it: what it has forgotten must not be missed at its end. */
import type pg from 'pg'
import { expect, test } from 'vitest'
import type { FunctionName } from '../../../statemachine/functions.ts'
import type { Around } from '../../support/cases/case.ts'
import { compareDatabases } from '../../support/judges.ts'
import { createDatabase, otherServer15, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

const SOURCE = `
  CREATE TABLE customers (id int PRIMARY KEY, name text); INSERT INTO customers SELECT g, 'c' || g FROM generate_series(1, 500) g;
  CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customers); INSERT INTO orders (customer) SELECT generate_series(1, 500);
  CREATE INDEX by_name ON customers (name); CREATE VIEW names AS SELECT name FROM customers`

async function databases() {
  return {
    source: await createDatabase(sharedServer(15), SOURCE),
    destination: await createDatabase(await otherServer15()),
  }
}

const STEPS: readonly FunctionName[] = [
  'PlanCopyFunction',
  'CreateObjectsFunction',
  'CopyLaneFunction',
  'SummariseCopyFunction',
  'LinkObjectsFunction',
  'SyncSequencesFunction',
  'AnalyzeFunction',
  'PlanValidationFunction',
  'ValidateLaneFunction',
  'SummariseValidationFunction',
  'SealFunction',
]

/** Tables of the ledger that say whose run a row is of; `filled`: those that have rows. */
async function tablesOf(client: pg.Client, filled: boolean): Promise<string[]> {
  const { rows } = await client.query(`
    SELECT c.relname AS name, query_to_xml(format('SELECT 1 FROM sampan.%I LIMIT 1', c.relname), false, false, '')::text LIKE '%row%' AS filled
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'run'
     WHERE c.relnamespace = 'sampan'::regnamespace AND c.relkind = 'r' ORDER BY 1`)
  return rows.filter((row) => !filled || row.filled === 't').map(({ name }) => name)
}

/** Before the first call of a step. */
function before(which: FunctionName, act: () => Promise<unknown>): Around {
  return ({ step, call }, handler) =>
    async (event, context) => {
      if (step === which && call === 1) await act()
      return handler(event, context)
    }
}

/** What goes with a table's rows. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  relation: ['chunk', 'digest_part', 'difference'],
  object: ['key_part'],
}

/** Deletes all rows of a table by hand, and puts them back behind `meanwhile`. */
async function without<Answer>(client: pg.Client, table: string, meanwhile: () => Promise<Answer>): Promise<Answer> {
  const all = [table, ...(BELOW[table] ?? [])]
  await client.query(all.map((one) => `CREATE TEMP TABLE kept_${one} AS TABLE sampan.${one}`).join(';'))
  await client.query(`DELETE FROM sampan.${table}`)
  const answer = await meanwhile()
  await client.query(`BEGIN; SET LOCAL session_replication_role = replica; UPDATE sampan.run SET damage = NULL;
    ${all.map((one) => `INSERT INTO sampan.${one} OVERRIDING SYSTEM VALUE TABLE kept_${one}; DROP TABLE kept_${one};`).join('')} COMMIT`)
  return answer
}

test('whichever row of the ledger is missing, the step that comes next ends the run with LEDGER_DAMAGED', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source, destination } = await databases()
  const client = await destination.connect()
  const told: [string, string, string | undefined][] = []
  let turn = 0
  // Indexes are built beside the rows: they would meet what is missing as well.
  const copied = Promise.withResolvers<void>()
  const around: Around =
    ({ step, call }, handler) =>
    async (event, context) => {
      if (step === 'BuildIndexesFunction') await copied.promise
      if (STEPS.includes(step) && call === 1) {
        const tables = await tablesOf(client, true)
        for (const table of ['relation', tables[turn++ % tables.length] ?? '']) {
          const { error } = await without(client, table, () => handler(event, context))
          told.push([step, table, error?.code])
        }
      }
      if (step === 'SummariseCopyFunction') copied.resolve()
      return handler(event, context)
    }
  const { outcome } = await migrate(source, destination, { lanes: 1 }, around)
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(told.filter(([, , code]) => code !== 'LEDGER_DAMAGED')).toEqual([])
  expect(new Set(told.map(([step]) => step))).toEqual(new Set(STEPS))
  expect(await compareDatabases(source, destination)).toEqual([])
  for (const table of await tablesOf(client, false)) {
    await client.query(`BEGIN; UPDATE sampan.run SET damage = NULL; TRUNCATE sampan.${table} CASCADE`)
    const { rows } = await client.query(`SELECT damage FROM sampan.run`)
    await client.query('ROLLBACK')
    if (table !== 'run') expect(rows[0].damage, table).toContain('truncate in sampan.')
  }
})

test('a run whose row is deleted while it copies ends at once, and so does one whose ledger is dropped', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  for (const [deed, code] of [
    ['DELETE FROM sampan.run', 'RUN_UNKNOWN'],
    ['DROP SCHEMA sampan CASCADE', 'LEDGER_DAMAGED'],
  ] as const) {
    const { source, destination } = await databases()
    const { outcome } = await migrate(
      source,
      destination,
      { lanes: 1 },
      before('CopyLaneFunction', () => destination.query(deed)),
    )
    expect(outcome.error, deed).toMatchObject({
      code,
      remedy: expect.stringContaining('give the task an empty database'),
    })
  }
})

test('a run whose ledger was damaged is refused when it is started again, until its remedy is followed', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source, destination } = await databases()
  const name = 'damaged'
  const deed = () => destination.query(`DELETE FROM sampan.relation WHERE name = 'orders'`)
  const { report } = await migrate(source, destination, { name, lanes: 1 }, before('CopyLaneFunction', deed))
  const error = report.databases[0]?.error
  expect(error).toMatchObject({ code: 'LEDGER_DAMAGED', message: expect.stringContaining('delete in sampan.relation') })
  const again = await migrate(source, destination, { name })
  expect(again.report.prechecks.filter(({ blocks }) => blocks)).toContainEqual(
    expect.objectContaining({ code: 'LEDGER_UNUSABLE', remedy: error?.remedy }),
  )
  await destination.query('DROP SCHEMA sampan CASCADE; DROP TABLE customers, orders CASCADE')
  expect((await migrate(source, destination, { name })).outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
})
