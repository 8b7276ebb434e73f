import { expect, test } from 'vitest'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, startTestServer, type TestDatabase } from '../../support/servers.ts'

const TABLE = 'CREATE TABLE items (id bigint, filler text)'
const CONTENT =
  'SELECT count(*) AS rows, sum(id) AS ids, md5(string_agg(filler, id::text ORDER BY id)) AS md5 FROM items'

/** By its own settings it waits for nobody, as ApsaraDB does. A commit that nobody waits for stays in this server's memory until one comes that is waited for. */
const FORGETFUL = {
  synchronous_commit: 'off',
  wal_writer_delay: '10s',
  wal_writer_flush_after: '1GB',
  wal_buffers: '64MB',
}

const receipts = async (destination: TestDatabase) => {
  const [row] = await destination.query(
    `SELECT count(*) FILTER (WHERE state = 'done') AS done, count(*) AS chunks,
            COALESCE(sum(rows), 0) AS rows, (SELECT count(*) FROM items) AS there FROM sampan.chunk`,
  )
  const number = (name: string) => Number(row?.[name])
  return { done: number('done'), chunks: number('chunks'), rows: number('rows'), there: number('there') }
}

test('a crash takes rows and receipts of the last commits together, and what the summary calls done survives it', {
  tags: 'long',
}, async () => {
  const server = await startTestServer({ major: 18, settings: FORGETFUL })
  const source = await createDatabase(
    sharedServer(15),
    `${TABLE}; INSERT INTO items SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 12000) n`,
  )
  const destination = await createDatabase(server, TABLE)
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  await planCopy(event, stepContext())

  // Every chunk is committed, and the machine dies before anybody has waited for the disk.
  const stop = new AbortController()
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext(60, stop.signal))
  expect((await copyLane({ ...event, lane: 0 }, stepContext())).verdict).toBe('done')
  const before = await receipts(destination)
  expect(before).toMatchObject({ done: before.chunks, there: 12_000, rows: 12_000 })
  await server.kill()
  stop.abort()
  await keeper
  await server.restart()
  const after = await receipts(destination)
  expect(after.done).toBeLessThan(before.done)
  expect(after.rows).toBe(after.there)

  // The same run goes on. Now the summary has spoken, and the machine dies again.
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done' })
  await server.kill()
  await server.restart()
  expect(await receipts(destination)).toEqual(before)
  expect(await destination.query(CONTENT)).toEqual(await source.query(CONTENT))
  const [run] = await destination.query('SELECT copied_at IS NOT NULL AS copied FROM sampan.run')
  expect(run).toEqual({ copied: 't' })
})
