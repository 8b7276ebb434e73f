import { expect, test } from 'vitest'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

test('large objects arrive with their oids and bytes: many pages, one byte, none, and holes', async () => {
  const source = await createDatabase(
    sharedServer(15),
    `SELECT lo_from_bytea(0, decode(repeat('00ff17', 300000), 'hex'));
     SELECT lo_from_bytea(0, '\\x41');
     SELECT lo_create(0);
     SELECT lo_put(lo_create(0), 700000, '\\x42');`,
  )
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  await destination.query(
    `INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes)
     VALUES ('test-run', 0, 'pg_catalog', 'pg_largeobject', '{}', '{}', true, 3000000)`,
  )
  // CreateObjects makes the objects; the one without a byte exists by that alone.
  const made = await source.query(
    `SELECT string_agg('SELECT lo_create(' || oid || ')', ';') AS sql FROM pg_largeobject_metadata`,
  )
  await destination.query(made[0]?.sql ?? '')
  await planCopy(event, stepContext())
  expect((await copyRound(event, 2)).results.map((result) => result.error)).toEqual([null, null])
  const content = `SELECT m.oid, md5(lo_get(m.oid)) AS md5, length(lo_get(m.oid)) AS bytes FROM pg_largeobject_metadata m ORDER BY m.oid`
  expect(await destination.query(content)).toEqual(await source.query(content))
  expect(await destination.query('SELECT count(*) AS left FROM sampan.large_object_page')).toEqual([{ left: '0' }])
  const chunks = await destination.query(`SELECT count(*) AS n FROM sampan.chunk WHERE kind = 'large_objects'`)
  expect(Number(chunks[0]?.n)).toBeGreaterThan(1)
})
