import { expect, test } from 'vitest'
import { openSource } from '../../../lambdas/core/postgres/sessions.ts'
import { definedSql } from '../../../lambdas/core/structure/present-sql.ts'
import { structureSql } from '../../../lambdas/core/structure/structure-sql.ts'
import { allKinds, allKinds18 } from '../../stages/schema/steps.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, oldestServer, sharedServer } from '../../support/servers.ts'

const ALL = `
  CREATE TABLE seen (id serial PRIMARY KEY, a int, b int, note text); CREATE INDEX seen_a ON seen (a) WITH (fillfactor = 70); CLUSTER seen USING seen_pkey;
  INSERT INTO seen (a, b, note) SELECT g % 7, g % 7, repeat('n', 3000) FROM generate_series(1, 500) g;
  CREATE STATISTICS seen_together (ndistinct, dependencies) ON a, b FROM seen; ALTER TABLE seen ALTER a SET STATISTICS 50;
  CREATE TABLE parts (id int, a int) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (1000);
  INSERT INTO parts SELECT g, g FROM generate_series(1, 500) g; CREATE MATERIALIZED VIEW filled AS SELECT a, count(*) FROM seen GROUP BY a;
  CREATE INDEX filled_a ON filled (a); CREATE VIEW looked AS SELECT * FROM seen`

/** What applications and autovacuum do all day, and what a DBA does to tables and indexes as they are. */
const MEANWHILE = `
  DO $$ DECLARE t regclass; c name; BEGIN
    FOR t, c IN SELECT a.attrelid, a.attname FROM pg_attribute a JOIN pg_class k ON k.oid = a.attrelid
                 WHERE k.relkind IN ('r', 'p') AND k.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped LOOP
      BEGIN EXECUTE format('UPDATE %s SET %I = %2$I', t, c); EXCEPTION WHEN OTHERS THEN NULL; END;
    END LOOP;
    FOR t IN SELECT oid FROM pg_class WHERE relkind = 'S' AND oid >= 16384 LOOP PERFORM nextval(t); END LOOP;
    FOR t IN SELECT oid FROM pg_class WHERE relkind = 'm' AND relispopulated LOOP EXECUTE format('REFRESH MATERIALIZED VIEW %s', t); END LOOP;
  END $$;
  DELETE FROM seen WHERE id % 2 = 0; CREATE TEMP TABLE passing (a int); CREATE TABLE gone (a int PRIMARY KEY); DROP TABLE gone;
  CREATE TEMP TABLE held AS SELECT * FROM seen; ANALYZE; REINDEX TABLE seen; TRUNCATE parts_1`

test.each([
  ['the oldest server', oldestServer, ALL],
  ['15', async () => sharedServer(15), `${ALL}; ${allKinds}`],
  ['18', async () => sharedServer(18), `${ALL}; ${allKinds}; ${allKinds18}`],
] as const)(
  'what is written without DDL changes neither the structure nor a definition, on %s',
  {
    tags: 'long',
  },
  async (_, server, sql) => {
    const database = await createDatabase(await server(), sql)
    const other = await createDatabase(sharedServer(18))
    const session = await openSource(stepEvent(database, other), {}, { purpose: 'test' })
    const read = async () => {
      const texts = [structureSql(session.serverVersion), definedSql(session.serverVersion)]
      const rows: Record<string, unknown>[] = []
      for (const text of texts) rows.push(...(await session.rows<Record<string, unknown>>(text)))
      return rows.map((row) => JSON.stringify(Object.values(row))).toSorted()
    }
    const before = await read()
    await database.query(MEANWHILE)
    for (const one of ['VACUUM (FREEZE, ANALYZE)', 'VACUUM FULL seen', 'CLUSTER', 'VACUUM (FREEZE) seen'])
      await database.query(one)
    const after = await read()
    await session.close()
    expect(before.length).toBeGreaterThan(10)
    expect(after.filter((line) => !before.includes(line))).toEqual([])
    expect(after).toHaveLength(before.length)
  },
)
