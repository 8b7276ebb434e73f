import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { compareDatabases, dumpText } from '../../../support/judges.ts'
import { createDatabase, oldestServer, sharedServer, type TestDatabase } from '../../../support/servers.ts'
import { migrate } from '../../../support/whole-run.ts'
import { allKinds, allKinds18 } from '../steps.ts'

const old = await readFile(new URL('../../../fixtures/old.sql', import.meta.url), 'utf8')

const OWN = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')`
const COLUMNS = `a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.reloftype = 0`

/** A task’s wishes for every schema, table, view, sequence and column of a database. */
async function everything(source: TestDatabase) {
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
  const relations = await source.query(`
    SELECT n.nspname AS schema, c.relname AS name,
           (SELECT COALESCE(json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a WHERE a.attrelid = c.oid AND ${COLUMNS}) AS columns
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${OWN}`)
  const tables = relations.map(({ schema, name, columns }) => {
    const named = (JSON.parse(columns ?? '[]') as string[]).map((column) => [column, { as: `${column} Ä` }])
    const wanted = named.length === 0 ? {} : { columns: Object.fromEntries(named) }
    return [`${quoted(schema ?? '')}.${quoted(name ?? '')}`, { as: quoted(`${name} "new"`), ...wanted }]
  })
  const schemas = await source.query(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')`,
  )
  return {
    names: { schemas: Object.fromEntries(schemas.map(({ name }) => [name, `${name}.x`])) },
    tables: Object.fromEntries(tables),
  }
}

/** The same by PostgreSQL’s own statements, and nothing of the product. */
const RENAME_ALL = `DO $do$ DECLARE statement text; BEGIN
  FOR statement IN SELECT format('ALTER TABLE %s RENAME COLUMN %I TO %I', c.oid::regclass, a.attname, a.attname || ' Ä')
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid WHERE ${COLUMNS} AND ${OWN}
    LOOP EXECUTE statement; END LOOP;
  FOR statement IN SELECT format('ALTER TABLE %s RENAME TO %I', c.oid::regclass, c.relname || ' "new"')
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${OWN}
    LOOP EXECUTE statement; END LOOP;
  FOR statement IN SELECT format('ALTER SCHEMA %I RENAME TO %I', nspname, nspname || '.x')
      FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
    LOOP EXECUTE statement; END LOOP;
END $do$`

test.each([
  [10, 15],
  [15, 15],
  [18, 18],
] as const)(
  'everything renamed at once, from PostgreSQL %d to %d, is what ALTER … RENAME makes of a restored dump',
  { tags: 'long', timeout: 120_000 },
  async (from, to) => {
    const server = from === 10 ? await oldestServer() : sharedServer(from)
    const sql = from === 10 ? old : from === 18 ? allKinds + allKinds18 : allKinds
    const source = await createDatabase(server, sql)
    const destination = await createDatabase(sharedServer(to))
    const wishes = await everything(source)
    const { outcome, report } = await migrate(source, destination, {
      databases: [{ name: source.name, as: destination.name, ...wishes }],
      precheck: { acknowledge: ['DST_VERSION_DIFFERS', 'REG_COLUMNS', 'RENAME_BREAKS_CODE'] },
    })
    expect(outcome).toMatchObject({ exitStatus: 0, error: null })
    const restored = await createDatabase(sharedServer(to))
    const text = await dumpText(source.connection, ['--no-owner'])
    // psql’s own commands, and a setting that older servers do not know.
    await restored.query(text.replaceAll(/^(?:\\|SET transaction_timeout ).*$/gm, ''))
    await restored.query(RENAME_ALL)
    expect(await compareDatabases(restored, destination)).toEqual([])
    const [database] = report.databases
    expect(database?.totals).toMatchObject({ failed: 0, blocked: 0, pending: 0, tablesDifferent: 0 })
    const tables = database?.objects.filter(({ kind }) => kind === 'TABLE') ?? []
    expect(tables.length).toBeGreaterThan(5)
    for (const { status, reason } of tables) {
      expect(status).toBe('transformed')
      expect(reason).toMatch(/on the destination it is .*\.x\..* "new"/)
    }
    if (from !== 10) {
      const told = database?.events.find(({ code }) => code === 'RENAME_BREAKS_CODE')
      expect(told).toMatchObject({ level: 'warning' })
      expect(told?.message).toContain('function shop.best(integer): relation "shop.open_orders" does not exist')
    }
  },
)
