import { expect, test } from 'vitest'
import { requireKeys } from '../../../cli/compare/repair/foreign-keys.ts'
import { connect } from '../../../lambdas/core/postgres/connect.ts'
import { relationOf } from '../../support/relations.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

/** Of each the key's own operator says otherwise than the `=` of an empty path, or there is none. */
const KEYS: Readonly<Record<string, string>> = {
  citext: `CREATE TABLE a (id ext.citext PRIMARY KEY); CREATE TABLE citext (a ext.citext REFERENCES a);
    INSERT INTO a VALUES ('Bob'); INSERT INTO citext VALUES ('bob'), (NULL)`,
  cube: `CREATE TABLE b (id ext.cube PRIMARY KEY); CREATE TABLE cube (b ext.cube REFERENCES b);
    INSERT INTO b VALUES ('(1,2)'); INSERT INTO cube VALUES ('(1,2)')`,
  letters: `CREATE TABLE c (id text COLLATE "C" PRIMARY KEY); CREATE TABLE letters (c text COLLATE "POSIX" REFERENCES c);
    INSERT INTO c VALUES ('x'); INSERT INTO letters VALUES ('x')`,
  period: `CREATE TABLE d (id int4range, at int4range, PRIMARY KEY (id, at WITHOUT OVERLAPS));
    CREATE TABLE period (id int4range, at int4range, FOREIGN KEY (id, PERIOD at) REFERENCES d (id, PERIOD at));
    INSERT INTO d VALUES ('[1,2)', '[1,5)'), ('[1,2)', '[5,9)'); INSERT INTO period VALUES ('[1,2)', '[2,7)')`,
}

test('the keys of what is repaired are looked at by their own operators', async () => {
  const ddl = `CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION cube SCHEMA ext;
    SET search_path = public, ext; ${Object.values(KEYS).join(';')}`
  const database = await createDatabase(sharedServer(18), ddl)
  const session = await connect({
    side: 'destination',
    ...database.connection,
    tls: false,
    applicationName: 'test',
  })
  try {
    const tables = Object.keys(KEYS).map((name) => relationOf({ destination: { name } }))
    await requireKeys(session, tables)
    await database.query(`SET session_replication_role = replica; SET search_path = public, ext; UPDATE citext SET a = 'Eve'; UPDATE cube SET b = '(2,2)';
      UPDATE letters SET c = 'X'; UPDATE period SET at = '[2,10)'`)
    await expect(requireKeys(session, tables)).rejects.toMatchObject({
      code: 'REPAIR_BREAKS_KEYS',
      message: expect.stringMatching(
        /: citext_a_fkey of public\.citext, cube_b_fkey of public\.cube, letters_c_fkey of public\.letters, period_id_at_fkey of public\.period$/,
      ),
    })
  } finally {
    await session.close()
  }
})
