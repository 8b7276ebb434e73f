import { expect, test } from 'vitest'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'

const CONTENT = `SELECT m.oid, md5(lo_get(m.oid)) AS md5, length(lo_get(m.oid)) AS bytes FROM pg_largeobject_metadata m ORDER BY m.oid`

async function planLargeObjects(source: TestDatabase, destination: TestDatabase): Promise<StepEvent> {
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  await destination.query(
    `INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes)
     VALUES ('test-run', 0, 'pg_catalog', 'pg_largeobject', '{}', '{}', true, 3000000)`,
  )
  return event
}

test('large objects arrive with their oids and bytes: many pages, one byte, none, and holes', async () => {
  const source = await createDatabase(
    sharedServer(15),
    `SELECT lo_from_bytea(0, decode(repeat('00ff17', 300000), 'hex'));
     SELECT lo_from_bytea(0, '\\x41');
     SELECT lo_create(0);
     SELECT lo_put(lo_create(0), 700000, '\\x42');`,
  )
  const destination = await createDatabase(sharedServer(18))
  const event = await planLargeObjects(source, destination)
  await planCopy(event, stepContext())
  expect((await copyRound(event, 2)).results.map((result) => result.error)).toEqual([null, null])
  expect(await destination.query(CONTENT)).toEqual(await source.query(CONTENT))
  expect(await destination.query('SELECT count(*) AS left FROM sampan.large_object_page')).toEqual([{ left: '0' }])
  const chunks = await destination.query(`SELECT count(*) AS n FROM sampan.chunk WHERE kind = 'large_objects'`)
  expect(Number(chunks[0]?.n)).toBeGreaterThan(1)
})

test('a large object that a later view of the source is without goes again, and what is somebody else’s stays', async () => {
  const source = await createDatabase(
    sharedServer(15),
    `SELECT lo_from_bytea(4000 + g, decode(repeat('ab', g), 'hex')) FROM generate_series(1, 4) g`,
  )
  const destination = await createDatabase(sharedServer(18))
  const event = await planLargeObjects(source, destination)
  await planCopy(event, stepContext())
  const stopped = new AbortController()
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext(60, stopped.signal))
  expect(await copyLane({ ...event, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done' })
  stopped.abort()
  await keeper.catch(() => {})
  await destination.query(`SELECT lo_from_bytea(4100, 'not of this run')`)
  await source.query(`SELECT lo_unlink(4002), lo_put(4003, 0, 'changed'), lo_from_bytea(4005, 'new')`)

  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done', error: null })
  const there = await destination.query(`${CONTENT.replace('ORDER', 'WHERE m.oid <> 4100 ORDER')}`)
  expect(there).toEqual(await source.query(CONTENT))
  expect(await destination.query(`SELECT lo_get(4100)::text AS kept`)).toHaveLength(1)
})
