import { expect, test } from 'vitest'
import { stepEvent } from '../../../support/events.ts'
import { compareDatabases } from '../../../support/judges.ts'
import { createDatabase, sharedServer } from '../../../support/servers.ts'
import { migrate } from '../../../support/whole-run.ts'
import { mustBeDone } from '../steps.ts'

const SQL = `
  CREATE TABLE people (id serial PRIMARY KEY, mail text UNIQUE, ssn text DEFAULT 'x', born date, n serial, CHECK (length(ssn) < 20),
    age int GENERATED ALWAYS AS (EXTRACT(year FROM born)::int) STORED);
  CREATE INDEX by_ssn ON people (ssn); CREATE INDEX by_two ON people (mail, ssn); CREATE STATISTICS st ON mail, ssn FROM people;
  COMMENT ON COLUMN people.ssn IS 'a secret'; COMMENT ON INDEX by_ssn IS 'of a secret'; COMMENT ON COLUMN people.mail IS 'mail';
  GRANT SELECT (ssn) ON people TO PUBLIC; GRANT SELECT (mail) ON people TO PUBLIC;
  INSERT INTO people (mail, ssn, born) SELECT 'm' || i, 's' || i, '2000-01-01' FROM generate_series(1, 5000) i;
  CREATE TABLE parent (a int, b int); CREATE TABLE child (b int, c int) INHERITS (parent);
  INSERT INTO child VALUES (1, 2, 3); INSERT INTO parent VALUES (7, 8);
  CREATE TABLE p (k int, v int, w int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); INSERT INTO p VALUES (1, 2, 3);
  CREATE TABLE pair (a int, b int, c text, PRIMARY KEY (a, b)); INSERT INTO pair SELECT i % 3, i, 'c' FROM generate_series(1, 100) i;
  CREATE VIEW v AS SELECT mail FROM people; CREATE VIEW secrets AS SELECT ssn FROM people;`

const excluded = { exclude: true } as const
const TABLES = {
  'public.people': {
    as: 'folk',
    columns: { ssn: excluded, born: excluded, age: excluded, n: excluded, mail: { as: 'email' } },
  },
  'public.parent': { columns: { b: excluded } },
  'public.p': { columns: { w: excluded } },
  'public.pair': { columns: { a: excluded } },
}

/** The same by the server’s own statements. */
const DROPPED = `
  DROP VIEW secrets; ALTER TABLE people DROP age, DROP born, DROP ssn, DROP n; ALTER TABLE people RENAME mail TO email; ALTER TABLE people RENAME TO folk;
  ALTER TABLE parent DROP b; ALTER TABLE child DROP b; ALTER TABLE p DROP w; ALTER TABLE pair DROP a`

test.each(['auto', 'text'] as const)(
  'columns stay behind with what stands on them, and the rest is what DROP COLUMN leaves (%s)',
  { tags: 'long' },
  async (format) => {
    const source = await createDatabase(sharedServer(15), SQL)
    const destination = await createDatabase(sharedServer(15))
    const database = { name: source.name, as: destination.name, exclude: ['public.secrets'], tables: TABLES }
    const { outcome, report } = await migrate(source, destination, { format, databases: [database], chunkMegabytes: 1 })
    expect(outcome).toMatchObject({ exitStatus: 0, error: null })
    const expected = await createDatabase(sharedServer(15), SQL)
    await expected.query(DROPPED)
    expect(await compareDatabases(expected, destination)).toEqual([])
    const objects = report.databases[0]?.objects ?? []
    const skipped = objects.filter(
      ({ status, reason }) => status === 'skipped' && /which the task excludes|with a column/.test(reason ?? ''),
    )
    expect(skipped.map(({ kind, name }) => `${kind} ${name}`).toSorted()).toEqual([
      'ACL COLUMN public.people.ssn',
      'COMMENT COLUMN public.people.ssn',
      'COMMENT INDEX public.by_ssn',
      'CONSTRAINT public.pair pair_pkey',
      'DEFAULT public.people n',
      'INDEX public.by_ssn',
      'INDEX public.by_two',
      'SEQUENCE OWNED BY public.people_n_seq',
      'SEQUENCE public.people_n_seq',
      'STATISTICS public.st',
    ])
    expect(objects.find(({ kind, name }) => kind === 'TABLE' && name === 'public.people')).toMatchObject({
      status: 'transformed',
      reason: 'on the destination it is public.folk, without ssn, born, n, age',
    })
    expect(report.databases[0]?.totals).toMatchObject({ tablesDifferent: 0, failed: 0, blocked: 0 })
    const keyed = await destination.query(`SELECT name FROM sampan.relation WHERE has_key ORDER BY 1`)
    expect(keyed).toEqual([{ name: 'people' }])
  },
)

test('a column that something needs is refused by name, before anything is made', async () => {
  const source = await createDatabase(sharedServer(15), SQL)
  const destination = await createDatabase(sharedServer(15))
  const { outcome, report } = await migrate(source, destination, {
    databases: [
      {
        name: source.name,
        as: destination.name,
        tables: { 'public.people': { columns: { ssn: excluded, born: excluded } } },
      },
    ],
  })
  expect(outcome.exitStatus).toBe(3)
  expect(report.prechecks.find(({ code, status }) => code === 'COLUMN_NEEDED' && status === 'found')?.details).toEqual([
    'public.people.born: the generated column age of table public.people needs it',
    'public.people.ssn: view public.secrets needs it',
  ])
  expect(
    await destination.query(
      `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'`,
    ),
  ).toEqual([])
})

test('a table whose rows are values elsewhere keeps its columns', async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (a int, b int); CREATE TABLE u (t t)')
  const destination = await createDatabase(sharedServer(15))
  const { report } = await migrate(source, destination, {
    databases: [{ name: source.name, as: destination.name, tables: { 'public.t': { columns: { b: excluded } } } }],
  })
  expect(report.prechecks.find(({ code }) => code === 'COLUMN_NOT_EXCLUDABLE')?.details).toEqual([
    'the column b of public.t cannot stay behind: rows of this table are values of a column elsewhere, and would be of another form',
  ])
})

test('a column that comes to the source behind the plan, and stays behind, is known to be missing', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE a (id int, ssn text); CREATE TABLE b (id int)')
  const destination = await createDatabase(sharedServer(15))
  const tables = { 'public.*': { columns: { ssn: excluded } } }
  const event = stepEvent(source, destination, { databases: [{ name: source.name, as: destination.name, tables }] })
  await mustBeDone('planObjects', event)
  await mustBeDone('createObjects', event)
  await source.query('ALTER TABLE b ADD ssn text')
  await mustBeDone('planObjects', event)
  expect(await destination.query('SELECT name, columns, excluded FROM sampan.relation ORDER BY 1')).toEqual([
    { name: 'a', columns: '{id}', excluded: '{ssn}' },
    { name: 'b', columns: '{id}', excluded: '{ssn}' },
  ])
})
