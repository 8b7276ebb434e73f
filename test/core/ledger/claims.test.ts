import { expect, test } from 'vitest'
import { claimChunks } from '../../../lambdas/core/ledger/chunks/claim.ts'
import { alignChunks } from '../../../lambdas/core/ledger/chunks/plan.ts'
import { countFailure, writeReceipts } from '../../../lambdas/core/ledger/chunks/receipts.ts'
import { hasSlowChunks } from '../../../lambdas/core/ledger/chunks/slow.ts'
import { readComparisons } from '../../../lambdas/core/ledger/comparisons.ts'
import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import { migrations } from '../../../lambdas/core/ledger/migrations.ts'
import { readDue } from '../../../lambdas/core/ledger/objects/due.ts'
import { claimObjectsSql, receiptsSql } from '../../../lambdas/core/ledger/objects/receipts.ts'
import { readFreeSteps } from '../../../lambdas/core/ledger/objects/steps.ts'
import { openRun } from '../../../lambdas/core/ledger/run.ts'
import { claimParts, storeResults } from '../../../lambdas/core/ledger/validation.ts'
import { toSampanError } from '../../../lambdas/core/runtime/errors.ts'
import { openSession } from '../../support/copy-run.ts'
import { plansOf, plansOfSession } from '../../support/plans.ts'
import { createDatabase, oldestServer, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { openRunAsBefore } from './older-ledger.ts'

const SOURCE = { serverVersion: 150_018, encoding: 'UTF8', database: 'shop' }

async function ledger(major: 10 | 18 = 18) {
  const database = await createDatabase(major === 10 ? await oldestServer() : sharedServer(major))
  const session = await openSession(database, 'destination')
  await migrateLedger(session)
  await openRun(session, { id: 'r', execution: 'e' }, 'f', SOURCE)
  return { database, session }
}

/** Relations 1 to `tables` without a chunk. */
function addRelations(database: TestDatabase, tables: number) {
  return database.query(`INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes)
    SELECT 'r', oid, 'public', 't' || oid, '{a}', '{int}', false, 0 FROM generate_series(1, ${tables}) oid`)
}

function addChunks(database: TestDatabase, rows: readonly string[]) {
  return database.query(`INSERT INTO sampan.chunk (run, id, relation, kind, bytes, state, generation, attempts)
    VALUES ${rows.map((row) => `('r', ${row})`).join()}`)
}

/** Ledger with chunks of a hundred tables that wait, of all sizes, without statistics of any of them. */
async function manyChunks(chunks: number, major: 10 | 18 = 18) {
  const { database, session } = await ledger(major)
  await addRelations(database, 100)
  await database.query(`INSERT INTO sampan.chunk (run, id, relation, kind, bytes)
    SELECT 'r', id, 1 + id % 100, 'tid', id * 7919::bigint % 1000003 FROM generate_series(1, ${chunks}) id`)
  return { database, session }
}

async function claim(database: TestDatabase, generation: number, bytes = 1, count = 64) {
  const rows = await database.query(`SELECT id FROM sampan.claim_chunks('r', ${generation}, ${bytes}, ${count})`)
  return rows.map(({ id }) => Number(id))
}

test('what is claimed first: rewritten tables, older views, the largest, and last what was refused again and again', async () => {
  const { database, session } = await ledger()
  await addRelations(database, 4)
  await database.query('UPDATE sampan.relation SET rewrites = 1 WHERE oid = 4')
  await addChunks(database, [
    `1, 1, 'whole', 1000, 'pending', NULL, 3`,
    `2, 2, 'whole', 100, 'pending', NULL, 0`,
    `3, 2, 'whole', 500, 'pending', NULL, 2`,
    `4, 3, 'whole', 10, 'done', 1, 0`,
    `5, 3, 'whole', 900, 'done', 1, 3`,
    `6, 3, 'whole', 20, 'done', 2, 0`,
    `7, 4, 'whole', 5, 'pending', NULL, 0`,
    `8, 4, 'whole', 50, 'pending', NULL, 3`,
    `9, 3, 'whole', 9000, 'done', 3, 0`,
  ])
  const order: number[] = []
  for (let claimed = await claim(database, 3); claimed.length > 0; claimed = await claim(database, 3)) {
    order.push(...claimed)
  }
  expect(order).toEqual([7, 8, 4, 6, 5, 3, 2, 1])
  await session.close()
})

test('a lane claims nothing of what was emptied in a newer view, nor what stands behind rows that are not there', async () => {
  const { database, session } = await ledger()
  await addRelations(database, 4)
  await database.query(`UPDATE sampan.relation SET reset_generation = 3 WHERE oid = 1`)
  await database.query(`UPDATE sampan.relation SET behind = '{2,4}' WHERE oid = 3`)
  await database.query(`UPDATE sampan.relation SET behind = '{4}' WHERE oid = 4`)
  await addChunks(database, [
    `1, 1, 'whole', 1000, 'pending', NULL, 0`,
    `2, 2, 'whole', 100, 'done', 1, 0`,
    `3, 3, 'whole', 500, 'pending', NULL, 0`,
    `4, 4, 'whole', 10, 'pending', NULL, 0`,
  ])
  // An older view's rows are not there either, for whoever reads by a newer one.
  expect(await claim(database, 2)).toEqual([2])
  expect(await claim(database, 2)).toEqual([4])
  expect(await claim(database, 2)).toEqual([3])
  expect(await claim(database, 2)).toEqual([])
  // By a newer view all of it is to be claimed, what was copied in the older one first.
  const claims = [
    await claim(database, 3),
    await claim(database, 3),
    await claim(database, 3),
    await claim(database, 3),
  ]
  expect(claims).toEqual([[2], [4], [3], [1]])
  await session.close()
})

test('a flight is of one kind: what is to be proved does not travel with what is to be copied', async () => {
  const { database, session } = await ledger()
  await addRelations(database, 2)
  await addChunks(database, [
    `1, 1, 'whole', 30, 'done', 1, 0`,
    `2, 1, 'whole', 20, 'done', 1, 0`,
    `3, 2, 'whole', 25, 'pending', NULL, 0`,
    `4, 2, 'whole', 24, 'pending', NULL, 1`,
    `5, 2, 'whole', 10, 'pending', NULL, 0`,
  ])
  expect(await claim(database, 2, 1000)).toEqual([1, 2])
  expect(await claim(database, 2, 1000)).toEqual([3, 5])
  expect(await claim(database, 2, 1000)).toEqual([4])
  await session.close()
})

test('a flight that failed travels on in halves: one refused chunk among 800 is found in as many steps as they can be halved', async () => {
  const { database, session } = await ledger()
  await addRelations(database, 800)
  await database.query(`INSERT INTO sampan.chunk (run, id, relation, kind, bytes)
    SELECT 'r', id, id, 'whole', 1 FROM generate_series(1, 800) id`)
  const refused = 400
  const claims: number[][] = []
  for (;;) {
    await session.execute('BEGIN')
    const claimed = await claimChunks(session, 'r', 1, { bytes: 1_000_000, count: 256 })
    const chunks = claimed.map(({ id }) => id)
    claims.push(chunks)
    const fails = chunks.includes(refused)
    await session.execute(fails ? 'ROLLBACK' : 'COMMIT')
    if (!fails) continue
    const again = await countFailure(session, 'r', { chunks, brokenAt: null }, toSampanError(new Error('refused')))
    if (again) break
  }
  expect(claims.at(-1)).toEqual([refused])
  expect(claims.filter((chunks) => chunks.includes(refused)).map(({ length }) => length)).toEqual([
    256, 128, 64, 32, 16, 8, 4, 2, 1,
  ])
  while ((await claim(database, 1, 1_000_000, 256)).length > 0) claims.push([])
  expect(claims.length).toBeLessThan(25)
  expect(await database.query(`SELECT attempts FROM sampan.chunk WHERE attempts > 0`)).toEqual([{ attempts: '1' }])
  await session.close()
})

test.each([10, 18] as const)(
  'on PostgreSQL %i a claim reads indexes in their order, and sorts no chunks',
  { tags: 'long' },
  async (major) => {
    const { database, session } = await manyChunks(20_000, major)
    await database.query(`UPDATE sampan.relation SET rewrites = 1 WHERE oid = 7`)
    await database.query(`UPDATE sampan.relation SET behind = '{1}' WHERE oid = 8`)
    await database.query(`UPDATE sampan.chunk SET state = 'done', generation = 1 WHERE id % 10 = 0`)
    for (const generation of [1, 2]) {
      const plans = await plansOf(database, `SELECT * FROM sampan.claim_chunks('r', ${generation}, 1000000, 50)`)
      const ofChunks = plans.filter((plan) => / on chunk\b/.test(plan))
      expect(ofChunks.length).toBeGreaterThan(2)
      for (const plan of ofChunks) {
        expect(plan).not.toMatch(/Sort Key|Seq Scan|Bitmap/)
        expect(plan).toMatch(/Index (Only )?Scan using chunk_/)
      }
    }
    await database.query(`INSERT INTO sampan.digest_part (run, id, relation, bytes)
    SELECT 'r', id, 1, id * 7919::bigint % 1000003 FROM generate_series(1, 20000) id`)
    const plans = await plansOf(database, `SELECT * FROM sampan.claim_digest_parts('r', 100000000, 50)`)
    expect(plans.join()).toMatch(/Index Scan using digest_part_pending/)
    expect(plans.join()).not.toMatch(/Sort Key|Seq Scan|Bitmap/)
    await session.close()
  },
)

test('among many chunks a claim reads few, whoever else holds some', async () => {
  const { database, session } = await manyChunks(20_000)
  const holders = await Promise.all([1, 2, 3].map(() => database.connect()))
  for (const holder of holders) {
    await holder.query('BEGIN')
    await holder.query(`SELECT FROM sampan.claim_chunks('r', 1, 100000000, 64)`)
  }
  const one = await database.connect()
  await one.query('BEGIN')
  expect((await one.query(`SELECT id FROM sampan.claim_chunks('r', 1, 1, 64)`)).rows).toHaveLength(1)
  const { rows } = await one.query(
    `SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_xact_user_tables WHERE relid = 'sampan.chunk'::regclass`,
  )
  // Those that the three hold are passed over; sorted, it would be all of them.
  expect(Number(rows[0]?.read)).toBeGreaterThan(0)
  expect(Number(rows[0]?.read)).toBeLessThan(1_000)
  await one.query('ROLLBACK')
  await session.close()
})

test('what waits for rows is found without reading the chunks of large tables', async () => {
  const { database, session } = await manyChunks(20_000)
  await database.query(`UPDATE sampan.chunk SET state = 'done', generation = 1 WHERE relation IN (1, 2)`)
  await database.query(`
    INSERT INTO sampan.object (run, id, position, kind, name, stage, verdict, rows_of)
    SELECT 'r', oid, oid, 'INDEX', 'i' || oid, 'index', 'migrate', ARRAY[oid::oid] FROM generate_series(1, 5) oid`)
  const incomplete = await database.query(`SELECT count(*)::integer AS count FROM sampan.incomplete_relations('r')`)
  expect(incomplete).toEqual([{ count: '98' }])
  expect((await readFreeSteps(session, 'r', 10, 1)).map(({ id }) => id)).toEqual([1, 2])
  // Many tables of a chunk or two each are answered alike.
  await database.query(`SET sampan.execution = 'e'; DELETE FROM sampan.chunk WHERE id > 300`)
  expect((await readFreeSteps(session, 'r', 10, 1)).map(({ id }) => id)).toEqual([1, 2])
  await session.close()
})

test.each([10, 18] as const)(
  'on PostgreSQL %i receipts, results and claims of objects read no others, and no relation is compared with every other',
  async (major) => {
    const { database, session } = await manyChunks(20_000, major)
    await database.query(`
      INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes)
      SELECT 'r', oid, 'public', 't' || oid, '{a}', '{int}', false, 0 FROM generate_series(101, 1000) oid;
      INSERT INTO sampan.digest_part (run, id, relation, bytes) SELECT 'r', id, 1 + id % 1000, 1 FROM generate_series(1, 20000) id;
      INSERT INTO sampan.object (run, id, position, kind, name, stage, verdict, rows_of, bytes)
      SELECT 'r', id, id, 'INDEX', 'i' || id, CASE WHEN id % 2 = 0 THEN 'link' ELSE 'index' END, 'migrate', ARRAY[(1 + id % 1000)::oid], 100
        FROM generate_series(1, 20000) id`)
    const digest = { rows: '1', digest: '1' }
    const numbers = Array.from({ length: 64 }, (_, at) => 1 + at)
    const due = await readDue(session, 'r', 'link', 50)
    const questions = [
      () =>
        writeReceipts(
          session,
          'r',
          0,
          numbers.map((id) => ({ id, bytes: 1, milliseconds: 1, ...digest })),
        ),
      () =>
        storeResults(
          session,
          'r',
          numbers.map((id) => ({ id, ...digest })),
          1,
        ),
      () => session.execute(receiptsSql('r', due)),
      () => session.execute(claimObjectsSql('r', due, { alone: [], inOrder: true })),
      () => hasSlowChunks(session, 'r'),
    ]
    for (const ask of questions) expect(mostRows(await plansOfSession(session, ask))).toBeLessThan(1_000)
    const plans = await plansOfSession(session, () => readComparisons(session, 'r'))
    // A thousand relations, each looked up once: nothing is read a thousand times a thousand times.
    expect(mostRows(plans)).toBeLessThan(50_000)
    // Objects of large tables wait for other indexes of theirs: looked up, not compared with all that is pending.
    const free = await plansOfSession(session, () => readFreeSteps(session, 'r', 10, 1))
    expect(mostRows(free)).toBeLessThan(50_000)
    await session.close()
  },
)

/** Rows that any node of the plans has brought or thrown away, all of its loops together. */
function mostRows(plans: readonly string[]): number {
  expect(plans.length).toBeGreaterThan(0)
  const lines = plans.join('\n').split('\n')
  let loops = 1
  return Math.max(
    ...lines.map((line) => {
      const node = / rows=(\d+(?:\.\d+)?) loops=(\d+)\)/.exec(line.replace(/^.*\(actual /, ' '))
      if (node !== null) loops = Number(node[2])
      const removed = /Rows Removed by (?:Join |Index )?Filter: (\d+)/.exec(line)
      return Number(node?.[1] ?? removed?.[1] ?? 0) * loops
    }),
  )
}

test('a run that was begun under the ledger before goes on: its chunks and parts are claimed in their order', async () => {
  const database = await createDatabase(sharedServer(18))
  const older = migrations.filter(({ number }) => number <= 5)
  await database.query(
    `CREATE SCHEMA sampan; CREATE TABLE sampan.migration (number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
     INSERT INTO sampan.migration (number) VALUES ${older.map(({ number }) => `(${number})`).join()};
     ${older.map(({ sql }) => sql).join('\n')}`,
  )
  const session = await openSession(database, 'destination')
  await openRunAsBefore(session, 'e1', SOURCE)
  await addRelations(database, 3)
  await addChunks(database, [
    `1, 1, 'whole', 10, 'pending', NULL, 0`,
    `2, 2, 'whole', 30, 'pending', NULL, 0`,
    `3, 3, 'whole', 20, 'pending', NULL, 0`,
  ])
  await database.query(
    `INSERT INTO sampan.digest_part (run, id, relation, bytes) VALUES ('r', 1, 1, 10), ('r', 2, 2, 30), ('r', 3, 3, 5)`,
  )
  expect(await claim(database, 1)).toEqual([2])
  await migrateLedger(session)
  await openRun(session, { id: 'r', execution: 'e2' }, 'f', SOURCE)
  await alignChunks(session, 'r')
  expect([await claim(database, 1), await claim(database, 1), await claim(database, 1)]).toEqual([[3], [1], []])
  expect((await claimParts(session, 'r', { bytes: 20, count: 5 })).map(({ id }) => id)).toEqual([2])
  await database.query(`UPDATE sampan.digest_part SET state = 'done' WHERE id = 2`)
  expect((await claimParts(session, 'r', { bytes: 20, count: 5 })).map(({ id }) => id).toSorted()).toEqual([1, 3])
  await session.close()
})
