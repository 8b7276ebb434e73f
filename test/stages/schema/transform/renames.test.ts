import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { compareDatabases } from '../../../support/judges.ts'
import { adoptDatabase, createDatabase, sharedServer } from '../../../support/servers.ts'
import { migrate } from '../../../support/whole-run.ts'

const SHOP = `
  CREATE SCHEMA "Shop"; CREATE TYPE "Shop".mood AS ENUM ('a', 'b');
  CREATE TABLE "Shop"."Orders" (id serial PRIMARY KEY, "CustId" int, m "Shop".mood DEFAULT 'a', note text CHECK (note <> 'x'));
  COMMENT ON COLUMN "Shop"."Orders"."CustId" IS 'whose '' IS ''it';
  CREATE VIEW "Shop".v AS SELECT "CustId", m FROM "Shop"."Orders";
  CREATE MATERIALIZED VIEW "Shop".mv AS SELECT "CustId", count(*) AS n FROM "Shop"."Orders" GROUP BY 1;
  CREATE TABLE a (x int PRIMARY KEY); CREATE TABLE b (x int PRIMARY KEY, y int REFERENCES a);
  INSERT INTO a VALUES (1); INSERT INTO b VALUES (2, 1);
  INSERT INTO "Shop"."Orders" ("CustId", note) SELECT i, 'n' || i FROM generate_series(1, 100) i;
  REFRESH MATERIALIZED VIEW "Shop".mv;
  GRANT SELECT ("CustId") ON "Shop"."Orders" TO PUBLIC;`

const SHOP_THERE = `
  ALTER SCHEMA "Shop" RENAME TO sales; ALTER TABLE sales."Orders" RENAME "CustId" TO customer_id; ALTER TABLE sales."Orders" RENAME TO orders;
  ALTER TABLE a RENAME TO c; CREATE SCHEMA other; ALTER TABLE b SET SCHEMA other; ALTER TABLE other.b RENAME TO a; ALTER TABLE c RENAME TO b`

const SHOP_WISHES = {
  names: { schemas: { Shop: 'sales' } },
  tables: {
    'Shop.Orders': { as: 'orders', columns: { CustId: { as: 'customer_id' } } },
    'public.a': { as: 'b' },
    'public.b': { as: 'other.a' },
  },
}

async function pair(sql: string, there: string) {
  const source = await createDatabase(sharedServer(15), sql)
  const destination = await createDatabase(sharedServer(15))
  const expected = await createDatabase(sharedServer(15), sql)
  await expected.query(there)
  return { source, destination, expected }
}

test('tables change names and places in a ring, and both names are told', { tags: 'long' }, async () => {
  const { source, destination, expected } = await pair(SHOP, SHOP_THERE)
  const { outcome, report } = await migrate(source, destination, {
    databases: [{ name: source.name, as: destination.name, ...SHOP_WISHES }],
  })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(expected, destination)).toEqual([])
  const [database] = report.databases
  expect(database?.tables.map(({ name, as }) => [name, as])).toEqual([
    ['Shop.Orders', 'sales.orders'],
    ['public.a', 'public.b'],
    ['public.b', 'other.a'],
  ])
  expect(report.task.databases[0]?.names).toEqual([
    'schema Shop as sales',
    'Shop.Orders as orders',
    'Shop.Orders, CustId as customer_id',
    'public.a as b',
    'public.b as other.a',
  ])
  expect(database?.objects.find(({ kind }) => kind === 'ACL')).toMatchObject({
    name: 'COLUMN Shop."Orders"."CustId"',
    status: 'transformed',
    reason: 'on the destination it is COLUMN sales.orders.customer_id',
  })
  expect(database?.objects.find(({ kind, name }) => kind === 'SCHEMA' && name === 'other')).toMatchObject({
    status: 'transformed',
  })
})

test('an account that may create no database has its names changed in one transaction', { tags: 'long' }, async () => {
  const { source, destination, expected } = await pair(SHOP, SHOP_THERE)
  const user = `mover_${randomBytes(4).toString('hex')}`
  await destination.query(`CREATE ROLE ${user} LOGIN PASSWORD 'x'; ALTER DATABASE ${destination.name} OWNER TO ${user}`)
  const { host, port } = destination.connection
  const { outcome } = await migrate(source, destination, {
    destination: { host, port, user, password: 'x', tls: { mode: 'disable' } },
    databases: [{ name: source.name, as: destination.name, ...SHOP_WISHES }],
  })
  await destination.query(`REASSIGN OWNED BY ${user} TO CURRENT_USER; DROP OWNED BY ${user}; DROP ROLE ${user}`)
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(expected, destination)).toEqual([])
})

test('policies for roles that are to be made are for them under the new names', { tags: 'long' }, async () => {
  const role = `app_${randomBytes(4).toString('hex')}`
  const source = await createDatabase(
    sharedServer(15),
    `CREATE ROLE ${role}; CREATE TABLE t (a int PRIMARY KEY, ssn text); ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT SELECT ON t TO ${role};
     CREATE POLICY few ON t TO ${role} USING (a > 5); CREATE POLICY fewer ON t AS RESTRICTIVE FOR SELECT TO pg_monitor, ${role} USING (a > 7);
     CREATE POLICY open ON t FOR UPDATE USING (a > 8); COMMENT ON POLICY few ON t IS 'of the app'`,
  )
  const destination = await createDatabase(sharedServer(18))
  const columns = { a: { as: 'b' }, ssn: { exclude: true } } as const
  const { outcome } = await migrate(source, destination, {
    roles: { '*': 'create' },
    databases: [{ name: source.name, as: destination.name, tables: { 'public.t': { as: 'u', columns } } }],
  })
  const policies = await destination.query(
    'SELECT policyname, tablename, permissive, roles::text, qual FROM pg_policies ORDER BY policyname',
  )
  for (const database of [source, destination]) {
    await database.query(
      `DO $$ BEGIN IF to_regrole('${role}') IS NOT NULL THEN DROP OWNED BY ${role}; DROP ROLE ${role}; END IF; END $$`,
    )
  }
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(policies.map((policy) => Object.values(policy).join(' '))).toEqual([
    `few u PERMISSIVE {${role}} (b > 5)`,
    `fewer u RESTRICTIVE {${role},pg_monitor} (b > 7)`,
    'open u PERMISSIVE {public} (b > 8)',
  ])
})

test('what lies in public goes into a schema of its own, extensions stay, and schemas change their names', {
  tags: 'long',
}, async () => {
  const sql = `
    CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE EXTENSION hstore; CREATE TABLE h (h hstore);
    CREATE FUNCTION f(m mood) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT 1; END;
    CREATE TABLE t (id serial PRIMARY KEY, m mood, x int GENERATED ALWAYS AS IDENTITY, y d); CREATE VIEW v AS SELECT * FROM t;
    CREATE TYPE r AS RANGE (subtype = int4); CREATE TABLE u (r r, a t); CREATE AGGREGATE agg(int) (SFUNC = int4pl, STYPE = int);
    CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE TABLE s1.t (a int PRIMARY KEY); CREATE TABLE s2.t (b int PRIMARY KEY REFERENCES s1.t);
    CREATE STATISTICS st ON id, m FROM t; INSERT INTO t (m) VALUES ('a'); INSERT INTO h VALUES ('a=>1'); GRANT SELECT ON t TO PUBLIC;
    REVOKE ALL ON FUNCTION agg(int) FROM PUBLIC; COMMENT ON SCHEMA s1 IS 'one'`
  const source = await createDatabase(sharedServer(15), sql)
  const destination = await createDatabase(sharedServer(18))
  const { outcome, report } = await migrate(source, destination, {
    databases: [
      {
        name: source.name,
        as: destination.name,
        names: { schemas: { public: 'app', s1: 's2', s2: 's1' } },
        tables: { 's1.t': { as: 'zz' } },
      },
    ],
  })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  const names = await destination.query(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'v', 'S') AND n.nspname IN ('public', 'app', 's1', 's2') ORDER BY 1`,
  )
  expect(names.map(({ name }) => name)).toEqual([
    ...['app.h', 'app.t', 'app.t_id_seq', 'app.t_x_seq', 'app.u', 'app.v', 's1.t', 's2.zz'],
  ])
  expect(
    await destination.query(
      `SELECT x.extname, n.nspname FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE extname = 'hstore'`,
    ),
  ).toEqual([{ extname: 'hstore', nspname: 'public' }])
  expect(
    await destination.query(`SELECT obj_description('s2'::regnamespace) AS said, has_schema_privilege('pg_monitor', 'app', 'USAGE') AS open,
    has_function_privilege('pg_monitor', 'app.agg(int)', 'EXECUTE') AS may`),
  ).toEqual([{ said: 'one', open: 't', may: 'f' }])
  expect(report.databases[0]?.events.filter(({ code }) => code.startsWith('RIGHTS_'))).toEqual([])
})

test.each([
  ['lower', 'sales', 'orders', 'id,Ärgerx,n'],
  ['upper', 'SALES', 'ORDERS', 'ID,ÄRGERX,N'],
  ['dts', 'Sales', 'orders', 'Id,ÄrgerX,n'],
] as const)(
  'the case policy %s is for A to Z, with views, sequences and partitions',
  { tags: 'long' },
  async (policy, schema, table, columns) => {
    const source = await createDatabase(
      sharedServer(15),
      `CREATE SCHEMA "Sales"; CREATE TABLE "Sales"."Orders" ("Id" serial PRIMARY KEY, "ÄrgerX" text, n numeric);
     CREATE VIEW "Sales"."V" AS SELECT "Id" FROM "Sales"."Orders"; INSERT INTO "Sales"."Orders" ("ÄrgerX") VALUES ('x');
     CREATE TABLE "P" ("K" int, "R" int) PARTITION BY LIST ("K"); CREATE TABLE "P1" PARTITION OF "P" FOR VALUES IN (1); INSERT INTO "P" VALUES (1, 2)`,
    )
    const destination = await createDatabase(sharedServer(15))
    const { outcome } = await migrate(source, destination, {
      databases: [{ name: source.name, as: destination.name, names: { case: policy } }],
    })
    expect(outcome).toMatchObject({ exitStatus: 0, error: null })
    expect(
      await destination.query(
        `SELECT n.nspname AS schema, string_agg(a.attname, ',' ORDER BY attnum) AS columns
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0
        WHERE c.relname = '${table}' GROUP BY 1`,
      ),
    ).toEqual([{ schema, columns }])
    const there = (name: string) => (policy === 'upper' ? name.toUpperCase() : name.toLowerCase())
    const kinds = await destination.query(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'S') AND n.nspname IN ('public', '${schema}') ORDER BY 1`,
    )
    expect(kinds.map(({ name }) => name).toSorted()).toEqual(
      ['Orders', 'Orders_Id_seq', 'P', 'P1', 'V'].map(there).toSorted(),
    )
  },
)

test('a copy that a killed start has left is taken away by the next one, whoever is in it, and another run’s is not', {
  tags: 'long',
}, async () => {
  const { source, destination, expected } = await pair(SHOP, SHOP_THERE)
  const name = `killed-${randomBytes(4).toString('hex')}`
  const left = [name, 'another'].map((run) => {
    const digest = createHash('sha256')
      .update(JSON.stringify([run, destination.name]))
      .digest('hex')
      .slice(0, 16)
    return adoptDatabase(destination.server, `sampan_scratch_${digest}_1`)
  })
  for (const scratch of left) await destination.query(`CREATE DATABASE ${scratch.name}`)
  await left[0]?.connect()
  const { outcome } = await migrate(source, destination, {
    name,
    databases: [{ name: source.name, as: destination.name, ...SHOP_WISHES }],
  })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  const there = await destination.query(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'sampan\\_scratch\\_%'`,
  )
  expect(there).toEqual([{ name: left[1]?.name }])
  expect(await compareDatabases(expected, destination)).toEqual([])
})

test('other names under the same run are another task', { tags: 'long' }, async () => {
  const { source, destination } = await pair(SHOP, SHOP_THERE)
  const name = `names-${randomBytes(4).toString('hex')}`
  const database = { name: source.name, as: destination.name }
  const planned = await migrate(source, destination, {
    name,
    mode: 'plan',
    databases: [{ ...database, ...SHOP_WISHES }],
  })
  expect(planned.outcome).toMatchObject({ exitStatus: 0 })
  const changed = await migrate(source, destination, { name, databases: [{ ...database, names: { case: 'lower' } }] })
  expect(changed.outcome.exitStatus).toBe(3)
  expect(changed.report.prechecks.filter(({ blocks }) => blocks).map(({ code }) => code)).toContain('RUN_TASK_CHANGED')
})
