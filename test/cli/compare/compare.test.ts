import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { type Comparison, comparisonSchema } from '../../../cli/compare/document.ts'
import { minutesUntilOpen, Pacing } from '../../../cli/compare/pacing.ts'
import { runComparison } from '../../../cli/compare/run-comparison.ts'
import { newExecutionName } from '../../../cli/execution-name.ts'
import { makeOutDirectory } from '../../../cli/out-directory.ts'
import { readTask } from '../../../lambdas/core/task/problems.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { sideOf } from '../../support/run.ts'
import { adoptRole, createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { sampan } from '../in-process.ts'

const SHOP = `
  CREATE SEQUENCE numbers; SELECT setval('numbers', 7);
  CREATE TABLE customer (id int PRIMARY KEY, name text, note text);
  INSERT INTO customer SELECT n, 'customer ' || n, repeat('x', 60) FROM generate_series(1, 30000) n;
  CREATE TABLE visit (at timestamptz, who int); INSERT INTO visit SELECT '2026-01-01', 1 FROM generate_series(1, 3);
  CREATE TABLE nothing (); INSERT INTO nothing SELECT FROM generate_series(1, 5);
  CREATE INDEX visit_who ON visit (who);
  CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
  SELECT lo_from_bytea(4711, 'one'), lo_from_bytea(4712, 'two');
  ANALYZE`

async function setUp(change = '', sql = SHOP, more: object = {}, tables?: object) {
  const source = await createDatabase(sharedServer(15), sql)
  const destination = await createDatabase(sharedServer(18), `${sql};${change}`)
  const directory = await temporaryDirectory()
  const input = {
    name: `test-${randomBytes(4).toString('hex')}`,
    source: sideOf(source.connection),
    destination: sideOf(destination.connection),
    databases: [{ name: source.name, as: destination.name, ...(tables === undefined ? {} : { tables }) }],
    chunkMegabytes: 1,
    ...more,
  }
  const task = join(directory, 'task.json')
  await writeFile(task, JSON.stringify(input))
  const out = join(directory, 'out')
  const compare = (...args: string[]) => sampan('compare', task, '--out', out, '--settle', '0', ...args)
  const of = async (changed: object, ...args: string[]) => {
    await writeFile(task, JSON.stringify(changed))
    return compare(...args)
  }
  return { source, destination, input, out, compare: Object.assign(compare, { of }) }
}

const only = ({ databases: [database] }: Comparison) => {
  if (database === undefined) throw new Error('no database')
  return database
}
const parsed = (text: string) => comparisonSchema.parse(JSON.parse(text))

/** What stands in a database, with what was written to it since the statistics began. */
const traces = (database: TestDatabase) =>
  database.query(`SELECT (SELECT count(*) FROM pg_class) AS relations, (SELECT count(*) FROM pg_namespace) AS schemas`)

describe('sampan compare', () => {
  test('tells rows, structure, sequences and large objects that differ, and writes to neither database', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { source, destination, compare, out } = await setUp(`
      UPDATE customer SET name = NULL WHERE id = 17; DELETE FROM customer WHERE id = 29999; INSERT INTO customer VALUES (-5, 'new');
      DELETE FROM nothing WHERE ctid = '(0,1)';
      DROP INDEX visit_who; CREATE TABLE other (a int); SELECT setval('numbers', 9);
      SELECT lo_put(4711, 0, 'ONE'), lo_unlink(4712)`)
    const before = await Promise.all([source, destination].map(traces))
    const { status, stdout, stderr } = await compare('--quiet')
    expect({ status, stderr }).toEqual({ status: 5, stderr: '' })
    expect(stdout).toContain(
      'public.customer: rows: 1 only on the source, 1 only on the destination, 1 with other values',
    )
    expect(stdout).toMatch(/≠ id = "17"\n/)
    expect(stdout).toMatch(/- id = "29999"\n/)
    expect(stdout).toMatch(/\+ id = "-5"\n/)
    expect(stdout).not.toContain('customer 17')
    expect(stdout).toContain('public.nothing: rows: 1 only on the source')
    expect(stdout).toMatch(/- index public\.visit_who\n/)
    expect(stdout).toMatch(/\+ table public\.other\n/)
    expect(stdout).toContain('≠ public.numbers: 7 on the source, 9 on the destination')
    expect(stdout).toMatch(/- 4712\n/)
    expect(stdout).toMatch(/≠ 4711\n/)
    expect(await Promise.all([source, destination].map(traces))).toEqual(before)
    expect(only(parsed(await readFile(join(out, 'comparison.json'), 'utf8')))).toMatchObject({
      state: 'differs',
      largeObjects: {
        different: [
          { what: 'different', id: '4711' },
          { what: 'missing', id: '4712' },
        ],
      },
    })
  })

  test('what rows hold is told with --values alone; --table asks for rows of some tables; --most-rows bounds the list', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { compare } = await setUp(`UPDATE customer SET name = 'other' WHERE id <= 30; DELETE FROM visit`)
    const values = only(
      parsed((await compare('--json', '--values', '--table', 'public.cust*', '--most-rows', '2')).stdout),
    )
    expect(values).toMatchObject({ structure: null, sequences: null, largeObjects: null })
    expect(values.tables.map(({ table, different, unlisted }) => ({ table, different, unlisted }))).toEqual([
      { table: 'public.customer', different: 30, unlisted: 28 },
    ])
    expect(values.tables[0]?.rows[0]).toMatchObject({
      key: { id: '1' },
      sourceValues: { name: 'customer 1' },
      destinationValues: { name: 'other' },
    })
    const counts = only(parsed((await compare('--json', '--mode', 'counts')).stdout))
    expect(counts.tables.filter(({ state }) => state !== 'equal')).toMatchObject([
      { table: 'public.visit', missing: 3, rows: [] },
    ])
    const none = await compare('--table', 'public.custommer')
    expect(none).toMatchObject({ status: 1 })
    expect(none.stderr).toContain('COMPARE_NO_TABLE')
  })

  test('what the task computes is compared as it arrives, keys and values are told as they were computed', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const columns = { id: { expression: 'id + 100000' }, name: { expression: 'md5(name)' } }
    const { compare } = await setUp(
      `UPDATE customer SET id = id + 100000, name = md5(name); UPDATE customer SET name = 'clear' WHERE id = 100017`,
      SHOP,
      {},
      { 'public.customer': { columns } },
    )
    const { stdout, stderr } = await compare('--json', '--values', '--table', 'public.customer')
    const { tables } = only(parsed(stdout))
    expect(tables).toMatchObject([{ table: 'public.customer', missing: 0, surplus: 0, different: 1 }])
    expect(tables[0]?.rows).toMatchObject([
      { key: { id: '100017' }, sourceValues: { name: expect.stringMatching(/^[0-9a-f]{32}$/) } },
    ])
    expect(stdout + stderr).not.toContain('customer 17')
  })

  test('what is called otherwise on the destination is compared under its names, and not repaired', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const renamed = `ALTER TABLE customer RENAME note TO remark; ALTER TABLE customer RENAME TO client;
      UPDATE client SET remark = 'other' WHERE id = 5`
    const tables = { 'public.customer': { as: 'client', columns: { note: { as: 'remark' } } } }
    const { source, destination, compare, input } = await setUp(renamed)
    const databases = [{ name: source.name, as: destination.name, tables }]
    const asked = (...args: string[]) => compare.of({ ...input, databases }, '--json', ...args)
    const told = only(parsed((await asked()).stdout))
    expect(told.tables.filter(({ state }) => state !== 'equal')).toMatchObject([
      { table: 'public.customer', destination: 'public.client', different: 1, rows: [{ key: { id: '5' } }] },
    ])
    expect(told.structure?.why).toMatch(/other names/)
    expect((await asked('--repair', input.name)).stdout).toContain('REPAIR_RENAMED')
  })

  test('a table or column that the destination lacks is told, and the others are compared', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { compare, out } = await setUp('DROP TABLE visit; ALTER TABLE customer DROP COLUMN note')
    const told = join(out, '..', 'told.json')
    const { tables, structure } = only(parsed((await compare('--json', '--notify', `cat >> '${told}'`)).stdout))
    expect(JSON.parse(await readFile(told, 'utf8'))).toMatchObject({ type: 'alert', code: 'COMPARISON_DIFFERS' })
    expect(tables.filter(({ state }) => state !== 'equal')).toMatchObject([
      { table: 'public.customer', state: 'not compared', why: 'the destination’s table has no column note' },
      { table: 'public.visit', state: 'not compared', why: 'it is not on the destination' },
    ])
    expect(structure?.objects.map(({ what, kind, name }) => `${what} ${kind} ${name}`)).toEqual([
      'missing INDEX visit_who',
      'different TABLE customer',
      'missing TABLE visit',
    ])
  })

  test('a key that the destination has lost does not hide rows from the ranges of that key', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { compare } = await setUp(
      'ALTER TABLE customer DROP CONSTRAINT customer_pkey; ALTER TABLE customer ALTER id DROP NOT NULL; INSERT INTO customer VALUES (NULL)',
    )
    const { tables } = only(parsed((await compare('--json')).stdout))
    expect(tables.filter(({ state }) => state !== 'equal')).toMatchObject([{ table: 'public.customer', surplus: 1 }])
  })

  test('a row that arrives between the looks is under way, not a difference', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { input, destination, out } = await setUp(`DELETE FROM customer WHERE id = 5`)
    const { task } = readTask(input)
    if (task === null) throw new Error('the task is wrong')
    const arrived = Promise.withResolvers<unknown>()
    const { comparison } = await runComparison(
      {
        input,
        task,
        executionName: newExecutionName(task.name),
        directory: await makeOutDirectory(out),
        signal: new AbortController().signal,
      },
      {
        question: {
          mode: 'full',
          tables: [{ schema: 'public', table: 'customer' }],
          mostRows: 10,
          values: false,
          settle: 2,
          repair: null,
        },
        ...{ window: null, anew: false },
        tell: ({ bytesRead, bytesAll }) => {
          if (bytesRead < bytesAll) return
          arrived.resolve(destination.query(`INSERT INTO customer SELECT 5, 'customer 5', repeat('x', 60)`))
        },
      },
    )
    await arrived.promise
    expect(comparison?.state).toBe('equal')
  })

  test('one that was cut off goes on where it was, and --anew begins again', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const { input, destination, out } = await setUp()
    const { task } = readTask(input)
    if (task === null) throw new Error('the task is wrong')
    const question = {
      mode: 'full',
      tables: [{ schema: 'public', table: '*' }],
      mostRows: 10,
      values: false,
      settle: 0,
      repair: null,
    } as const
    const run = async (stopAtFirst: boolean, anew = false) => {
      const stopping = new AbortController()
      const told: number[] = []
      const tell = ({ bytesRead }: { readonly bytesRead: number }) => {
        told.push(bytesRead)
        if (stopAtFirst && bytesRead > 0) stopping.abort()
      }
      const directory = await makeOutDirectory(out)
      const asked = { question, window: null, anew, tell }
      const started = { input, task, executionName: newExecutionName(task.name), directory, signal: stopping.signal }
      return { ...(await runComparison(started, asked)), first: told[0] }
    }
    const cut = await run(true)
    expect(cut).toMatchObject({ comparison: null, first: 0, outcome: { exitStatus: 130 } })
    await destination.query(`UPDATE customer SET name = 'x' WHERE id = 29000`)
    expect(await readFile(join(out, 'comparison.unfinished.json'), 'utf8')).not.toContain(String(task.source.password))
    const rest = await run(false)
    expect(rest.first).toBeGreaterThan(0)
    expect(rest.comparison?.databases[0]?.tables.map(({ table }) => table)).toHaveLength(3)
    expect((await run(false, true)).first).toBe(0)
  })

  test('it reads no faster than the task’s throttle allows', { tags: 'long', timeout: 60_000 }, async () => {
    const { compare } = await setUp('', SHOP, { throttle: { megabytesPerSecond: 1.5 } })
    const began = performance.now()
    const { status, stdout } = await compare('--json', '--table', 'public.customer')
    expect(status).toBe(0)
    expect(Number(only(parsed(stdout)).tables[0]?.sourceRows)).toBe(30_000)
    // 3.3 MB; what is read last need not be waited for.
    expect(performance.now() - began).toBeGreaterThan(1_000)
  })

  test('large objects that an account may not read are not called equal', async () => {
    const role = `reader_${randomBytes(4).toString('hex')}`
    const { destination, compare, input } = await setUp(
      `SELECT lo_put(4711, 0, 'ONE')`,
      `SELECT lo_from_bytea(4711, 'one')`,
    )
    adoptRole(destination.server, role)
    await destination.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret-enough'`)
    const side = { ...sideOf(destination.connection), user: role, password: 'secret-enough' }
    const { status, stdout, stderr } = await compare.of({ ...input, destination: side }, '--quiet')
    expect({ status, stderr }).toEqual({ status: 5, stderr: '' })
    expect(stdout).toMatch(/large obj\. +some were not compared: .*permission denied for large object 4711/)
  }, 60_000)

  test('what the task excludes is neither compared nor told, nor are its sequences missed', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const people = `CREATE TABLE people (id int PRIMARY KEY, number serial, ssn text, name text); INSERT INTO people VALUES (1, 1, 'secret', 'Ann')`
    const columns = { ssn: { exclude: true }, number: { exclude: true } }
    const { destination, compare } = await setUp(
      'ALTER TABLE people DROP ssn, DROP number',
      people,
      {},
      { 'public.people': { columns } },
    )
    const equal = await compare('--json')
    expect(only(parsed(equal.stdout))).toMatchObject({
      tables: [{ state: 'equal', sourceRows: '1' }],
      sequences: { compared: 0, different: [] },
    })
    expect(equal.status).toBe(0)
    await destination.query(`ALTER TABLE people ADD ssn text; UPDATE people SET ssn = 'hidden', name = 'Bob'`)
    const { stdout } = await compare('--json', '--values')
    expect(only(parsed(stdout)).tables[0]?.rows).toMatchObject([
      { sourceValues: { name: 'Ann' }, destinationValues: { name: 'Bob' } },
    ])
    expect(stdout).not.toMatch(/secret|hidden/)
  })

  test('rows in a partition that only the destination has are told where the table is asked for', async () => {
    const { compare } = await setUp(
      'CREATE TABLE m2 PARTITION OF m FOR VALUES IN (2); CREATE TABLE m3 PARTITION OF m FOR VALUES IN (3); INSERT INTO m VALUES (2)',
      'CREATE TABLE m (a int) PARTITION BY LIST (a); CREATE TABLE m1 PARTITION OF m FOR VALUES IN (1); INSERT INTO m VALUES (1)',
    )
    const { status, stdout } = await compare('--json', '--table', 'public.m*')
    expect(status).toBe(5)
    expect(only(parsed(stdout)).tables.filter(({ state }) => state !== 'equal')).toMatchObject([
      { table: 'public.m2', state: 'differs', sourceRows: '0', destinationRows: '1', surplus: 1 },
    ])
    expect(await compare('--json', '--table', 'public.m1')).toMatchObject({ status: 0 })
  }, 60_000)

  test('the looks into what differs are held back like the reading', async () => {
    const { compare } = await setUp('DELETE FROM visit')
    const [passed, waited] = [vi.spyOn(Pacing.prototype, 'passed'), vi.spyOn(Pacing.prototype, 'wait')]
    try {
      expect(await compare('--json', '--table', 'public.visit')).toMatchObject({ status: 5 })
      // The reading and two looks; each waits for the hours first, and for the rate behind it.
      expect(passed).toHaveBeenCalledTimes(3)
      expect(waited).toHaveBeenCalledTimes(6)
    } finally {
      passed.mockRestore()
      waited.mockRestore()
    }
  }, 60_000)

  test('the hours of the day may go over midnight', () => {
    const at = (hours: number, minutes: number) => new Date(2026, 0, 1, hours, minutes)
    const night = { from: 22 * 60, to: 6 * 60 }
    expect([at(21, 0), at(22, 0), at(3, 0), at(6, 0)].map((time) => minutesUntilOpen(night, time))).toEqual([
      60, 0, 0, 960,
    ])
    expect(minutesUntilOpen({ from: 60, to: 120 }, at(1, 59))).toBe(0)
    expect(minutesUntilOpen({ from: 60, to: 120 }, at(2, 0))).toBe(1380)
  })

  test('wrong options are refused with all that is needed to mend them', async () => {
    const { compare } = await setUp('', 'SELECT 1')
    for (const option of [
      ['--window', '22:00'],
      ['--table', 'customer'],
      ['--settle', 'x'],
      ['--mode', 'half'],
      ['--most-rows', '1.5'],
    ]) {
      expect(await compare(...option)).toMatchObject({ status: 2 })
    }
  })
})
