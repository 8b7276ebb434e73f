import { expect, test } from 'vitest'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { untilFound } from '../../support/hold.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const DDL =
  'CREATE TABLE parents (id int PRIMARY KEY, kept boolean); CREATE TABLE children (id int, parent int, filler text);'
const ROWS = `INSERT INTO parents SELECT n, n % 2 = 0 FROM generate_series(1, 1000) n;
  INSERT INTO children SELECT n, n % 1000 + 1, repeat(md5(n::text), 20) FROM generate_series(1, 4000) n;`
const CONDITION = `EXISTS (SELECT FROM (SELECT id AS sampan_parent_0 FROM ONLY public.parents WHERE (kept)) AS sampan_parent
  WHERE sampan_parent_0 OPERATOR(pg_catalog.=) parent)`

test.each([
  ['is emptied', 'TRUNCATE parents', 'SRC_TABLE_REWRITTEN', '0'],
  [
    'has another column of the same name',
    'ALTER TABLE parents DROP kept; ALTER TABLE parents ADD kept boolean DEFAULT true',
    'SRC_STRUCTURE_CHANGED',
    '4000',
  ],
])('rows whose parent %s while they are copied are read in a newer view', async (_, sql, code, rows) => {
  const source = await createDatabase(sharedServer(15), DDL + ROWS)
  const destination = await createDatabase(sharedServer(15), DDL)
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  const [parent] = await source.query(`SELECT 'parents'::regclass::oid::text AS oid`)
  const reads = JSON.stringify([
    { oid: Number(parent?.oid), schema: 'public', name: 'parents', columns: ['id', 'kept'], tree: false },
  ])
  // As the run itself: a hand at its rows would be noted.
  await destination.query(`SET LOCAL sampan.execution = 'test'; DELETE FROM sampan.relation WHERE name = 'parents';
    UPDATE sampan.relation SET condition = $c$${CONDITION}$c$, filtered = true, reads = '${reads}'`)
  await planCopy(event, stepContext())
  const stop = new AbortController()
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext(60, stop.signal)).catch(() => null)
  await untilFound(destination, 'SELECT FROM sampan.snapshot')
  await source.query(sql)
  const lane = await copyLane({ ...event, lane: 0 }, stepContext())
  stop.abort()
  await keeper
  expect(lane).toMatchObject({ verdict: 'more', error: null })
  expect(await destination.query('SELECT count(*) AS rows FROM children')).toEqual([{ rows: '0' }])
  for (let rounds = 1; rounds < 10; rounds += 1) if ((await copyRound(event, 1)).summary.verdict === 'done') break
  expect(await destination.query('SELECT count(*) AS rows FROM children')).toEqual([{ rows }])
  const events = await destination.query(`SELECT DISTINCT code FROM sampan.event WHERE code LIKE 'SRC_%'`)
  expect(events).toEqual([{ code }])
})
