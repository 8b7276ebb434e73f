import { expect, test } from 'vitest'
import { halveChunks } from '../../../lambdas/core/ledger/chunks/slow.ts'
import { cutSlowChunks } from '../../../lambdas/stages/copy/lane/cut-slow-chunks.ts'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { openSession, planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { holdTable } from '../../support/hold.ts'
import { createDatabase, oldestServer, sharedServer, type TestDatabase } from '../../support/servers.ts'

const TABLES = `
  CREATE TABLE by_bigint (id bigint PRIMARY KEY, filler text);
  CREATE TABLE by_uuid (id uuid PRIMARY KEY, filler text);
  CREATE TABLE by_text (id text PRIMARY KEY, filler text);
  CREATE TABLE by_stamp (id timestamptz PRIMARY KEY, filler text);
  CREATE TABLE by_pair ("Te'nant" int, part text, id bigint, filler text, PRIMARY KEY ("Te'nant", part, id));`

const ROWS = 12_000
const fill = (table: string, key: string) =>
  `INSERT INTO ${table} SELECT ${key}, repeat(md5(g::text), 12) FROM generate_series(1, ${ROWS}) g ORDER BY 1;`
const DATA = [
  fill('by_bigint', 'g::bigint * 3000000000'),
  fill('by_uuid', 'md5(g::text)::uuid'),
  fill('by_text', `CASE g % 2 WHEN 0 THEN 'Ä''\\' ELSE 'z' END || md5(g::text)`),
  fill('by_stamp', `'2020-01-01'::timestamptz + g * interval '17.123456 seconds'`),
  fill('by_pair', `g / 5000, CASE WHEN g % 5000 < 2500 THEN 'a' ELSE 'b' END, g`),
]

async function planned(ddl: string, data: string) {
  const source = await createDatabase(await oldestServer(), `${ddl}${data}ANALYZE;`)
  const destination = await createDatabase(sharedServer(18), ddl)
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  const ledger = await openSession(destination, 'destination')
  return { source, destination, event, ledger, close: () => ledger.close() }
}

const chunksOf = (destination: TestDatabase) =>
  destination.query(`SELECT c.id, r.name, c.lower, c.upper, c.attempts, c.cut_due, c.rows, c.bytes
    FROM sampan.chunk c JOIN sampan.relation r ON r.oid = c.relation WHERE c.kind = 'key' ORDER BY c.id`)

const content = (table: string) => `SELECT count(*) AS rows, md5(string_agg(h, ',' ORDER BY h)) AS hash
  FROM (SELECT md5(t::text) AS h FROM ${table} t) rows`

test('ranges of a key that no call had time for are cut at their middle row, each once, and every row arrives once', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const { source, destination, event, ledger, close } = await planned(TABLES, DATA.join('\n'))
  const before = await chunksOf(destination)
  expect(new Set(before.map(({ name }) => name)).size).toBe(5)
  // The times of two lanes are up at once.
  const ids = before.map(({ id }) => Number(id))
  const other = await openSession(destination, 'destination')
  const half = ids.length >> 1
  await Promise.all([
    halveChunks(ledger, event.run.id, ids.slice(0, half)),
    halveChunks(other, event.run.id, ids.slice(half)),
  ])
  // Of two lanes that cut at once each cuts others.
  const sources = await Promise.all([openSession(source, 'source'), openSession(source, 'source')])
  const cut = await Promise.all(
    [ledger, other].map((session, lane) => cutSlowChunks(sources[lane] ?? sources[0], session, event.run.id)),
  )
  await Promise.all([...sources, other].map((session) => session.close()))
  expect(cut.reduce((sum, count) => sum + count, 0)).toBe(before.length)
  expect(await cutSlowChunks(sources[0], ledger, event.run.id)).toBe(0)
  await close()

  const after = await chunksOf(destination)
  expect(after).toHaveLength(2 * before.length)
  expect(after.every(({ cut_due }) => cut_due === 'f')).toBe(true)
  for (const { name, id, lower, upper } of before) {
    const first = after.find((chunk) => chunk.id === id)
    const second = after.find((chunk) => chunk.name === name && chunk.lower === first?.upper)
    expect([first?.lower, second?.upper], name ?? '').toEqual([lower, upper])
  }
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  for (const name of new Set(before.map((chunk) => chunk.name ?? ''))) {
    expect(await destination.query(content(name)), name).toEqual(await source.query(content(name)))
  }
  // Halves of the rows, not of the keys' values.
  const copied = await chunksOf(destination)
  for (const { id, upper, name } of before) {
    const halves = copied.filter((chunk) => chunk.id === id || (chunk.name === name && chunk.upper === upper))
    const rows = halves.map((chunk) => Number(chunk.rows))
    if (halves.length === 2) expect(Math.abs((rows[0] ?? 0) - (rows[1] ?? 0)), name ?? '').toBeLessThanOrEqual(1)
  }
})

test('a lane cuts what the call before had no time for; a range of one row stays as it is', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const { source, destination, event, ledger, close } = await planned(TABLES, DATA[0] ?? '')
  const [first, second, ...others] = await chunksOf(destination)
  if (first === undefined || second === undefined) throw new Error('no chunks')
  // One row is left of the first range: nothing to cut.
  const bounds = JSON.parse(first.upper ?? '[]') as string[]
  await source.query(`DELETE FROM by_bigint WHERE id < ${bounds[0]} AND id > 3000000000`)
  await halveChunks(ledger, event.run.id, [Number(first.id), Number(second.id)])
  await close()

  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext())
  expect(await copyLane({ ...event, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done', error: null })
  const after = await chunksOf(destination)
  expect(after).toHaveLength(others.length + 3)
  expect(after.find(({ id }) => id === first.id)).toMatchObject({ upper: first.upper, attempts: '1', rows: '1' })
  expect(after.map(({ cut_due }) => cut_due)).not.toContain('t')
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done' })
  await keeper
  expect(await destination.query(content('by_bigint'))).toEqual(await source.query(content('by_bigint')))
})

test('a chunk that cannot be made smaller and that no call has time for ends the run, with the name of its table', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const { event, destination, ledger, close } = await planned(
    'CREATE TABLE narrow (id int);',
    'INSERT INTO narrow SELECT generate_series(1, 200000);',
  )
  await destination.query(`SET sampan.execution = 'e'; DELETE FROM sampan.chunk WHERE id > 1; UPDATE sampan.relation SET pages = 1;
    UPDATE sampan.chunk SET kind = 'whole', lower = NULL, upper = NULL`)
  for (let calls = 1; calls < 5; calls += 1) expect(await halveChunks(ledger, event.run.id, [1])).toBeNull()
  await close()
  // More than a minute for all rows.
  await destination.query('UPDATE sampan.limits SET rows_per_second = 2000')
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext())
  const lane = await copyLane({ ...event, lane: 0 }, stepContext(4))
  expect(lane).toMatchObject({ verdict: 'failed', error: { code: 'CHUNK_TOO_SLOW' } })
  expect(lane.error?.message).toContain('public.narrow')
  // With the limit lifted, the task started again needs one call.
  await destination.query('UPDATE sampan.limits SET rows_per_second = NULL')
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done' })
  await keeper
  expect(await destination.query('SELECT too_slow, rows FROM sampan.chunk')).toEqual([
    { too_slow: '0', rows: '200000' },
  ])
})

test('a lane whose server process waits for a lock, and does not notice its end, answers all the same', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const { event, destination, close } = await planned('CREATE TABLE narrow (id int);', 'INSERT INTO narrow VALUES (1);')
  await close()
  const release = await holdTable(destination, 'narrow')
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext())
  expect(await copyLane({ ...event, lane: 0 }, stepContext(4))).toMatchObject({ verdict: 'more', error: null })
  await release()
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done' })
  await keeper
})

test('a sealed run is not cut', async () => {
  const { source, destination, event, ledger, close } = await planned(TABLES, DATA[0] ?? '')
  const before = await chunksOf(destination)
  await halveChunks(ledger, event.run.id, [Number(before[0]?.id)])
  await destination.query(`UPDATE sampan.run SET state = 'sealed'`)
  const session = await openSession(source, 'source')
  await expect(cutSlowChunks(session, ledger, event.run.id)).rejects.toMatchObject({ code: 'RUN_SEALED' })
  await Promise.all([session.close(), close()])
  expect(await chunksOf(destination)).toHaveLength(before.length)
}, 120_000)
