import { expect, test } from 'vitest'
import { claimChunks } from '../../../lambdas/core/ledger/chunks/claim.ts'
import { countOpenChunks, hasOpenChunks } from '../../../lambdas/core/ledger/chunks/open.ts'
import { alignChunks, storeChunks } from '../../../lambdas/core/ledger/chunks/plan.ts'
import { countFailure, writeReceipts } from '../../../lambdas/core/ledger/chunks/receipts.ts'
import { endRound, giveUpView, openRound, readRound } from '../../../lambdas/core/ledger/chunks/round.ts'
import { halveChunks } from '../../../lambdas/core/ledger/chunks/slow.ts'
import { leaveOut, takeBackChunks } from '../../../lambdas/core/ledger/chunks/take-back.ts'
import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import { migrations } from '../../../lambdas/core/ledger/migrations.ts'
import { openRun } from '../../../lambdas/core/ledger/run.ts'
import { readProgress } from '../../../lambdas/core/ledger/story/progress.ts'
import { claimParts, countOpenParts, storeResults } from '../../../lambdas/core/ledger/validation.ts'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { SampanError } from '../../../lambdas/core/runtime/errors.ts'
import { openSession } from '../../support/copy-run.ts'
import { SOMEBODY_WAITS, untilFound } from '../../support/hold.ts'
import { plansOf } from '../../support/plans.ts'
import { createDatabase, oldestServer, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { openRunAsBefore } from './older-ledger.ts'

const SOURCE = { serverVersion: 150_018, encoding: 'UTF8', database: 'shop' }
const REFUSED = new SampanError({ code: 'DST_ROWS_REFUSED', message: 'refused', remedy: 'none' })

/** Numbers in [0, 1), the same for a seed (mulberry32). */
function seededRandom(seed: number) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

async function ledger(major: 10 | 18, upTo = migrations.length) {
  const database = await createDatabase(major === 10 ? await oldestServer() : sharedServer(major))
  await database.query(
    `CREATE SCHEMA sampan; CREATE TABLE sampan.migration (number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`,
  )
  for (const { number, sql } of migrations.slice(0, upTo)) {
    await database.query(`INSERT INTO sampan.migration (number) VALUES (${number}); ${sql}`)
  }
  const session = await openSession(database, 'destination')
  if (upTo < migrations.length) await openRunAsBefore(session, 'e', SOURCE)
  else await openRun(session, { id: 'r', execution: 'e' }, 'f', SOURCE)
  return { database, session }
}

/** Tables 1 to `tables`, each made by the object of its number, and as many indexes. */
async function addTables(database: TestDatabase, tables: number) {
  await database.query(`
    INSERT INTO sampan.object (run, id, position, kind, schema, name, stage, verdict, status)
      SELECT 'r', id, id, 'TABLE', 'public', 't' || id, 'create', 'migrate', 'migrated' FROM generate_series(1, ${tables}) id;
    INSERT INTO sampan.object (run, id, position, kind, schema, name, stage, verdict)
      SELECT 'r', ${tables} + id, ${tables} + id, 'INDEX', 'public', 'i' || id, 'index', CASE WHEN id % 5 = 0 THEN 'skip' ELSE 'migrate' END
        FROM generate_series(1, ${tables}) id;
    INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes, pages, object)
      SELECT 'r', id, 'public', 't' || id, '{a}', '{int}', false, 8192 * id, id, id FROM generate_series(1, ${tables}) id;
    INSERT INTO sampan.digest_part (run, id, relation, bytes) SELECT 'r', id, id, id FROM generate_series(1, ${tables}) id`)
}

function chunksOf(tables: number) {
  return Array.from({ length: tables }, (_, index) => ({
    ...({ id: index + 1, relation: index + 1, kind: 'tid', lower: null, upper: null, keyColumn: null } as const),
    bytes: 8_192 * (index + 1),
  }))
}

/** Everything that the counters say, read from the things themselves. */
async function counted(database: TestDatabase) {
  const [row] = await database.query(`
    SELECT c.*, o.*, p.* FROM
      (SELECT count(*) AS chunks, count(*) FILTER (WHERE state = 'done') AS "chunksDone", COALESCE(sum(rows), 0) AS rows,
              COALESCE(sum(bytes), 0) AS bytes, COALESCE(sum(bytes) FILTER (WHERE state = 'done'), 0) AS "bytesDone" FROM sampan.chunk) c,
      (SELECT count(*) AS objects, count(*) FILTER (WHERE status <> 'pending') AS "objectsDone",
              count(*) FILTER (WHERE stage = 'index' AND verdict <> 'skip') AS indexes,
              count(*) FILTER (WHERE stage = 'index' AND verdict <> 'skip' AND status <> 'pending') AS "indexesDone" FROM sampan.object) o,
      (SELECT count(*) AS parts, count(*) FILTER (WHERE state = 'done') AS "partsDone" FROM sampan.digest_part) p`)
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]))
}

async function open(database: TestDatabase) {
  const [row] = await database.query(`SELECT count(*) AS open FROM sampan.chunk c
    WHERE c.state = 'pending' OR c.generation < (SELECT COALESCE(max(generation), 0) FROM sampan.snapshot)`)
  return Number(row?.open)
}

/** One thing that a lane may do or suffer. What the servers refuse (locks that cross) is rolled back, as a call that fails is. */
async function step(session: Session, lane: number, random: () => number, generation: number): Promise<void> {
  const relation = 1 + Math.floor(random() * 12)
  const what = Math.floor(random() * 9)
  await session.execute('BEGIN')
  const claimed = what < 6 ? await claimChunks(session, 'r', generation, { bytes: 100_000, count: 4 }) : []
  const chunks = claimed.map(({ id }) => id)
  if (what < 3) {
    const due = claimed.filter(({ state }) => state === 'pending')
    await writeReceipts(
      session,
      'r',
      lane,
      due.map(({ id }) => ({ id, rows: String(id * 3), bytes: id, digest: '7', milliseconds: 1 })),
    )
  }
  if (what === 6) await takeBackChunks(session, 'r', relation)
  if (what === 7) {
    const parts = await claimParts(session, 'r', { bytes: 100, count: 2 })
    const results = parts.map(({ id }) => ({ id, rows: '1', digest: null }))
    await storeResults(session, 'r', results, 1)
  }
  if (what === 8) {
    const status = random() < 0.5 ? 'migrated' : 'pending'
    await session.rows(`UPDATE sampan.object SET status = $1 WHERE id = $2`, [status, 12 + relation])
  }
  // What failed, or was killed: nothing of it is left, and it is counted or halved.
  await session.execute(what >= 3 && what < 6 ? 'ROLLBACK' : 'COMMIT')
  if (what === 4) await countFailure(session, 'r', { chunks, brokenAt: chunks[0] ?? null }, REFUSED)
  if (what === 5) await halveChunks(session, 'r', chunks)
}

test.each([
  [10, 1],
  [18, 2],
  [18, 3],
] as const)(
  'on PostgreSQL %i the counters are what there is, whatever lanes do at once (seed %i)',
  { tags: 'long' },
  async (major, seed) => {
    const { database, session } = await ledger(major)
    const random = seededRandom(seed)
    await addTables(database, 12)
    await storeChunks(session, 'r', chunksOf(12))
    const lanes = await Promise.all([0, 1, 2].map(() => openSession(database, 'destination')))
    let crossed = 0
    for (let generation = 1; generation <= 3; generation += 1) {
      await session.rows(
        `INSERT INTO sampan.snapshot (run, generation, hop, id, holder, expires_at) VALUES ('r', $1, 1, 'x', 'k', now())`,
        [generation],
      )
      const work = lanes.map(async (lane, number) => {
        for (let count = 0; count < 25; count += 1) {
          await step(lane, number, random, generation).catch(() => {
            crossed += 1
            return lane.execute('ROLLBACK')
          })
        }
      })
      await Promise.all(work)
      expect(await readProgress(session, 'r')).toMatchObject(await counted(database))
      expect(await countOpenChunks(session, 'r')).toBe(await open(database))
      expect(await hasOpenChunks(session, 'r')).toBe((await open(database)) > 0)
    }
    expect(crossed).toBeLessThan(20)
    await session.execute('BEGIN')
    await leaveOut(session, 'r', 3, { code: 'DST_ROWS_REFUSED', message: 'refused' })
    await session.execute('COMMIT')
    await database.query(`UPDATE sampan.object SET status = 'failed' WHERE id = 4`)
    await alignChunks(session, 'r')
    await database.query(`DELETE FROM sampan.relation WHERE oid = 5`)
    expect(await readProgress(session, 'r')).toMatchObject(await counted(database))
    for (const lane of lanes) await lane.close()
    await database.query(`DELETE FROM sampan.run`)
    expect(await readProgress(session, 'r')).toMatchObject({
      chunks: 0,
      bytes: 0,
      rows: 0,
      objects: 0,
      parts: 0,
      partsDone: 0,
    })
    await session.close()
  },
)

test('a claim holds no counter while the rows travel, so that no lane waits for another one', async () => {
  const { database, session } = await ledger(18)
  await addTables(database, 12)
  await storeChunks(session, 'r', chunksOf(12))
  const other = await openSession(database, 'destination')
  await other.execute(`SET lock_timeout = '100ms'`)
  await session.execute('BEGIN')
  expect(await claimChunks(session, 'r', 1, { bytes: 1, count: 1 })).toHaveLength(1)
  await other.execute('BEGIN')
  const [claimed] = await claimChunks(other, 'r', 1, { bytes: 1, count: 1 })
  // Lanes of one number, as when a call is made twice.
  await writeReceipts(other, 'r', 0, [{ id: claimed?.id ?? 0, rows: '1', bytes: 1, digest: null, milliseconds: 1 }])
  await other.execute('COMMIT')
  expect(await readProgress(other, 'r')).toMatchObject({ chunksDone: 1 })
  await session.execute('ROLLBACK')
  await other.close()
  await session.close()
})

test('a look at a run reads neither its chunks nor its objects nor the parts that are done', {
  tags: 'long',
}, async () => {
  const { database, session } = await ledger(18)
  await addTables(database, 3_000)
  await storeChunks(session, 'r', chunksOf(3_000))
  await database.query(`UPDATE sampan.chunk SET state = 'done', generation = 1, rows = 1 WHERE id > 10`)
  await database.query(`UPDATE sampan.digest_part SET state = 'done' WHERE id > 10`)
  const looks = {
    progress: () => readProgress(session, 'r'),
    open: () => hasOpenChunks(session, 'r'),
    count: () => countOpenChunks(session, 'r'),
    parts: () => countOpenParts(session, 'r'),
  }
  const client = await database.connect()
  const rowsRead = async () => {
    // What a session has read is told when it has been idle for a moment, or when it is asked to (15 and later).
    await session.execute('SELECT pg_catalog.pg_stat_force_next_flush()')
    await session.execute('SELECT 1')
    const { rows } = await client.query(`SELECT relname, seq_tup_read::integer + idx_tup_fetch::integer AS rows
      FROM pg_stat_user_tables WHERE relname IN ('chunk', 'object', 'digest_part') ORDER BY relname`)
    return Object.fromEntries<number>(rows.map(({ relname, rows: read }) => [relname, Number(read)]))
  }
  const before = await rowsRead()
  for (const look of Object.values(looks)) await look()
  const after = await rowsRead()
  const read = Object.entries(after).map(([table, count]) => count - (before[table] ?? 0))
  expect(Math.max(...read)).toBeGreaterThan(0)
  expect(Math.max(...read)).toBeLessThan(50)
  const plans = await plansOf(
    database,
    `SELECT sampan.has_open_chunks('r'), sampan.count_open_chunks('r'), sampan.count_open_parts('r')`,
  )
  expect(plans.join()).not.toMatch(/Seq Scan|Bitmap/)
  for (const index of ['chunk_pending', 'chunk_refused', 'chunk_copied']) expect(plans.join()).toContain(index)
  await session.close()
})

test('a run that was begun without counters goes on with what it has come to', async () => {
  const { database, session } = await ledger(18, 9)
  await addTables(database, 6)
  await storeChunks(session, 'r', chunksOf(6))
  await database.query(`UPDATE sampan.chunk SET state = 'done', generation = 1, rows = 5 WHERE id > 2`)
  await database.query(`UPDATE sampan.digest_part SET state = 'done' WHERE id > 4`)
  expect(await readProgress(session, 'r')).toBeNull()
  await migrateLedger(session)
  expect(await readProgress(session, 'r')).toMatchObject({
    chunks: 6,
    chunksDone: 4,
    rows: 20,
    parts: 6,
    partsDone: 2,
    objects: 12,
    objectsDone: 6,
  })
  expect(await readProgress(session, 'r')).toMatchObject(await counted(database))
  await database.query(`UPDATE sampan.chunk SET state = 'done', generation = 1, rows = 5`)
  expect(await readProgress(session, 'r')).toMatchObject(await counted(database))
  await session.close()
})

test('rows that a late lane takes back are not complete any more, whether the copy’s end is before it or waits for it', async () => {
  const { database, session } = await ledger(18)
  await addTables(database, 1)
  await storeChunks(session, 'r', chunksOf(1))
  const run = { id: 'r', execution: 'e' }
  const copied = async () => {
    await openRound(session, 'r')
    await database.query(`UPDATE sampan.chunk SET state = 'done', generation = 1, rows = 1, copied_bytes = 1`)
  }
  await copied()
  expect(await endRound(session, run)).toMatchObject({ open: 0 })
  expect(await readRound(session, 'r', 'e')).toMatchObject({ copied: true, ended: true })
  await session.execute('BEGIN')
  await takeBackChunks(session, 'r', 1)
  await giveUpView(session, 'r', 1)
  await session.execute('COMMIT')
  expect(await readRound(session, 'r', 'e')).toMatchObject({ copied: false, ended: true, leastGeneration: 2 })
  await copied()
  const late = await openSession(database, 'destination')
  await late.execute('BEGIN')
  await takeBackChunks(late, 'r', 1)
  const ending = endRound(session, run)
  await untilFound(database, SOMEBODY_WAITS)
  await late.execute('COMMIT')
  expect(await ending).toMatchObject({ open: 1 })
  expect(await readRound(session, 'r', 'e')).toMatchObject({ copied: false })
  await Promise.all([session.close(), late.close()])
})
