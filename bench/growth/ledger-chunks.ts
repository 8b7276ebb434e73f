import { claimChunks } from '../../lambdas/core/ledger/chunks/claim.ts'
import { countOpenChunks, hasOpenChunks } from '../../lambdas/core/ledger/chunks/open.ts'
import { writeReceipts } from '../../lambdas/core/ledger/chunks/receipts.ts'
import { hasSlowChunks } from '../../lambdas/core/ledger/chunks/slow.ts'
import { readFreeSteps } from '../../lambdas/core/ledger/objects/steps.ts'
import { readProgress } from '../../lambdas/core/ledger/story/progress.ts'
import { claimParts } from '../../lambdas/core/ledger/validation.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { ask, type Database } from '../stage.ts'
import { cpuOf } from './backend-cpu.ts'
import { openLedger, RUN } from './ledger.ts'

const TABLES = 100
const TURNS = 100
/** A flight's bytes are the task's `chunkMegabytes`; of these small ones several fit. */
const FLIGHT = { bytes: 256_000_000, count: 64 }

/** Milliseconds of the destination's processor, each for one question, among so many chunks that wait in a hundred tables. */
export async function askAmongChunks(database: Database, chunks: number): Promise<ReadonlyMap<string, number>> {
  const session = await openLedger(database)
  try {
    await ask(
      database,
      `INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes)
       SELECT '${RUN}', oid, 'public', 't' || oid, '{a}', '{integer}', false, 256000000 FROM generate_series(1, ${TABLES}) oid;
       INSERT INTO sampan.chunk (run, id, relation, kind, lower, bytes)
       SELECT '${RUN}', id, 1 + id % ${TABLES}, 'tid', id::text, 200000000 + id * 7919::bigint % 99000007 FROM generate_series(1, ${chunks}) id;
       INSERT INTO sampan.digest_part (run, id, relation, lower, bytes)
       SELECT '${RUN}', id, 1 + id % ${TABLES}, '(' || id || ',0)', 64000000 FROM generate_series(1, ${chunks}) id;
       INSERT INTO sampan.object (run, id, position, kind, schema, name, stage, verdict, rows_of, bytes)
       SELECT '${RUN}', oid, oid, 'INDEX', 'public', 'i' || oid, 'index', 'migrate', ARRAY[oid::oid], 256000000 FROM generate_series(1, ${TABLES}) oid`,
    )
    const found = new Map<string, number>()
    found.set('a claim', await cpuOf(session, TURNS, () => claim(session)))
    found.set('… behind 1,000 that an old snapshot keeps', await claimBehindSnapshot(database, session))
    const claimed = await ids(database)
    found.set(
      'a receipt, counters included',
      await cpuOf(session, claimed.length / 2, (turn) => receive(session, claimed[turn] ?? 0)),
    )
    await ask(database, 'ALTER TABLE sampan.chunk DISABLE TRIGGER USER')
    found.set(
      '… without counters',
      await cpuOf(session, claimed.length / 2, (turn) => receive(session, claimed[turn + claimed.length / 2] ?? 0)),
    )
    await ask(database, 'ALTER TABLE sampan.chunk ENABLE TRIGGER USER')
    found.set('is anything open?', await cpuOf(session, TURNS, () => hasOpenChunks(session, RUN)))
    found.set('is one to be cut?', await cpuOf(session, TURNS, () => hasSlowChunks(session, RUN)))
    found.set('how many are open? (each half a minute)', await cpuOf(session, 3, () => countOpenChunks(session, RUN)))
    found.set('how far is it?', await cpuOf(session, TURNS, () => readProgress(session, RUN)))
    found.set('what can be built?', await cpuOf(session, 20, () => readFreeSteps(session, RUN, 800, 1_000_000)))
    found.set('a claim of a part', await cpuOf(session, TURNS, () => claimPart(session)))
    return found
  } finally {
    await session.close()
  }
}

async function claim(session: Session): Promise<void> {
  await session.execute('BEGIN')
  await claimChunks(session, RUN, 1, FLIGHT)
  await session.execute('COMMIT')
}

async function claimPart(session: Session): Promise<void> {
  await session.execute('BEGIN')
  await claimParts(session, RUN, { bytes: 1_000_000, count: 50 })
  await session.rows(
    `UPDATE sampan.digest_part SET state = 'done' WHERE run = $1 AND id = (SELECT id FROM sampan.digest_part WHERE run = $1 AND state = 'pending'
      ORDER BY bytes DESC, id LIMIT 1)`,
    [RUN],
  )
  await session.execute('COMMIT')
}

/** A build of an index holds a snapshot for as long as it takes: what is claimed meanwhile cannot be taken out of an index. */
async function claimBehindSnapshot(database: Database, session: Session): Promise<number> {
  const holder = await openLedger(database)
  try {
    await holder.execute('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await holder.rows('SELECT count(*) FROM sampan.run')
    for (let turn = 0; turn < 1_000; turn += 1) await claim(session)
    return await cpuOf(session, TURNS, () => claim(session))
  } finally {
    await holder.execute('ROLLBACK')
    await holder.close()
  }
}

async function ids(database: Database): Promise<number[]> {
  const rows = await ask(database, `SELECT id FROM sampan.chunk WHERE state = 'done' ORDER BY id LIMIT 200`)
  return rows.map(({ id }) => Number(id))
}

function receive(session: Session, id: number): Promise<void> {
  return writeReceipts(session, RUN, 0, [{ id, rows: '1', bytes: 1, digest: '1', milliseconds: 1 }])
}
