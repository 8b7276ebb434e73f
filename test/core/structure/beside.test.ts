import { expect, test } from 'vitest'
import { compareStructures, describeChanges } from '../../../lambdas/core/structure/compare.ts'
import { readStructure } from '../../../lambdas/core/structure/read.ts'
import type { SourceFacts } from '../../../lambdas/stages/schema/plan/facts.ts'
import { withLargeObjectsKnown } from '../../../lambdas/stages/schema/plan/standing/other-large-objects.ts'
import { openSession } from '../../support/copy-run.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const FACTS = { largeObjects: 0 } as SourceFacts

const ofDatabase = (sql: string) => `DO $$ BEGIN EXECUTE format('${sql}', current_database()); END $$`

const DATABASE = 'changed: the database’s settings, rights or comment'
const LARGE = 'changed: large objects (which there are, owners, rights or comments)'
const OTHERS = 'changed: rights on what is the server’s or an extension’s'

test('the structure tells what is changed on the database itself, on large objects, and of rights on what is the server’s', async () => {
  const source = await createDatabase(sharedServer(15), '')
  const session = await openSession(source, 'source')
  try {
    let before = await readStructure(session)
    for (const [sql, told] of [
      [ofDatabase('REVOKE CONNECT ON DATABASE %I FROM PUBLIC'), DATABASE],
      [ofDatabase('ALTER DATABASE %I SET work_mem = 65'), DATABASE],
      [ofDatabase('COMMENT ON DATABASE %I IS $c$new$c$'), DATABASE],
      [`SELECT lo_create(7)`, LARGE],
      ['GRANT SELECT ON LARGE OBJECT 7 TO PUBLIC', LARGE],
      [`COMMENT ON LARGE OBJECT 7 IS 'new'`, LARGE],
      ['ALTER LARGE OBJECT 7 OWNER TO pg_monitor', LARGE],
      ['SELECT lo_unlink(7)', LARGE],
      ['REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC', OTHERS],
      ['GRANT EXECUTE ON FUNCTION pg_catalog.pg_rotate_logfile() TO pg_monitor', OTHERS],
      ['GRANT SELECT (rolname) ON pg_catalog.pg_authid TO pg_monitor', OTHERS],
      ['SELECT 1', ''],
    ] as const) {
      await source.query(sql)
      const after = await readStructure(session)
      expect([sql, describeChanges(compareStructures(before.entries, after.entries))]).toEqual([sql, told])
      expect(after.digest === before.digest, sql).toBe(told === '')
      before = after
    }
  } finally {
    await session.close()
  }
})

test('large objects that were planned once are looked for again though the source has none any more', () => {
  expect(withLargeObjectsKnown(FACTS, [{ oid: 0 }]).largeObjects).toBe(1)
  expect(withLargeObjectsKnown(FACTS, [{ oid: 1 }]).largeObjects).toBe(0)
})
