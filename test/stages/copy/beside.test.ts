import { expect, test } from 'vitest'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent, through } from '../../support/events.ts'
import { startRelay } from '../../support/relay.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const TABLE = 'CREATE TABLE plain (id int PRIMARY KEY, note text)'
/** The first are the source's own, one is another, and one the source does not have. */
const OWNERS = `INSERT INTO plain VALUES (1, 'row 1'), (2, 'row 2'), (3, 'theirs'), (90000, 'own')`

async function prepare(more = '') {
  const source = await createDatabase(
    sharedServer(15),
    `${TABLE}; INSERT INTO plain SELECT g, 'row ' || g FROM generate_series(1, 40000) g`,
  )
  const destination = await createDatabase(sharedServer(18), `${TABLE}; ${OWNERS}; ${more}`)
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  await destination.query(
    `UPDATE sampan.relation SET beside = '[{"column": "id", "equals": "OPERATOR(pg_catalog.=)"}]' WHERE name = 'plain'`,
  )
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  const counts = () =>
    destination.query(
      `SELECT sum(inserted) AS inserted, sum(kept_equal) AS equal, sum(kept_different) AS different, bool_or(places = '{"(0,3)"}') AS places FROM sampan.landed`,
    )
  const rows = () =>
    destination.query(
      `SELECT count(*) AS rows, max(note) FILTER (WHERE id = 3) AS third, max(note) FILTER (WHERE id = 90000) AS own,
              max(note) FILTER (WHERE id = 7) AS seventh, count(*) FILTER (WHERE id = 8) AS eighth FROM plain`,
    )
  return { source, destination, event, counts, rows }
}

const arrived = { rows: '40001', third: 'theirs', own: 'own', seventh: 'row 7', eighth: '1' }

test('a lane that is cut off in a chunk that comes beside others leaves no row and no receipt of it, and the next brings them once', async () => {
  const { destination, event, counts, rows } = await prepare()
  const relay = await startRelay({ port: destination.connection.port })
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext())
  relay.cutAfter(400_000, 'sent')
  const cut = await copyLane({ ...through(event, 'destination', relay.port), lane: 0 }, stepContext())
  expect(cut).toMatchObject({ verdict: 'retry', error: { code: 'DST_CONNECTION_LOST' } })
  expect(await rows()).toMatchObject([{ rows: '4', third: 'theirs' }])
  expect(await destination.query('SELECT count(*) AS receipts FROM sampan.landed')).toEqual([{ receipts: '0' }])
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  await keeper
  expect(await rows()).toEqual([arrived])
  expect(await counts()).toEqual([{ inserted: '39997', equal: '2', different: '1', places: 't' }])
  // Nothing is left of what they came through.
  expect(await destination.query(`SELECT relname FROM pg_class WHERE relname LIKE 'sampan%'`)).toEqual([])
})

test('where the view is lost the run takes back its own rows alone, and none along with which a row of others would go', {
  tags: 'long',
}, async () => {
  const { source, destination, event, counts, rows } = await prepare(
    'CREATE TABLE child (id int PRIMARY KEY, plain int CONSTRAINT of_plain REFERENCES plain ON DELETE CASCADE); INSERT INTO child VALUES (1, 2)',
  )
  const lose = async (change: string) => {
    const stopped = new AbortController()
    const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext(60, stopped.signal))
    expect(await copyLane({ ...event, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done' })
    stopped.abort()
    await keeper.catch(() => {})
    await source.query(change)
  }
  await lose(`UPDATE plain SET note = 'changed' WHERE id IN (2, 7); DELETE FROM plain WHERE id = 8`)
  expect(await rows()).toEqual([arrived])
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  const renewed = { ...arrived, rows: '40000', seventh: 'changed', eighth: '0' }
  expect(await rows()).toEqual([renewed])
  // Of the row that stood there equal the source has another one by now.
  expect(await counts()).toMatchObject([{ inserted: '39996', equal: '1', different: '2' }])
  await destination.query(
    `UPDATE sampan.run SET copied_at = NULL, copy_ended_at = NULL; INSERT INTO child VALUES (2, 7)`,
  )
  await source.query(`UPDATE plain SET note = 'again' WHERE id = 9`)
  const { results } = await copyRound(event, 1)
  expect(results[0]).toMatchObject({ error: { code: 'DST_ROWS_REFERRED' } })
  expect(await rows()).toEqual([renewed])
  expect(await destination.query('SELECT count(*) AS children FROM child')).toEqual([{ children: '2' }])
})
