import { readComparisons } from '../../lambdas/core/ledger/comparisons.ts'
import { readDue } from '../../lambdas/core/ledger/objects/due.ts'
import { claimObjectsSql, receiptsSql } from '../../lambdas/core/ledger/objects/receipts.ts'
import { readUnanalyzed } from '../../lambdas/core/ledger/objects/statistics.ts'
import { readFreeSteps, readStanding } from '../../lambdas/core/ledger/objects/steps.ts'
import { readProgress } from '../../lambdas/core/ledger/story/progress.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { ask, type Database } from '../stage.ts'
import { cpuOf } from './backend-cpu.ts'
import { openLedger, RUN } from './ledger.ts'

/** Of each table: itself, its key, two indexes, a foreign key and a trigger. */
const OBJECTS = 6
const BATCH = 50

/** Milliseconds of the destination's processor, each for one question, where so many tables are half copied. */
export async function askAmongTables(database: Database, tables: number): Promise<ReadonlyMap<string, number>> {
  const session = await openLedger(database)
  try {
    await ask(database, tablesHalfCopied(tables))
    const found = new Map<string, number>()
    const of = async (what: string, turns: number, ask: () => Promise<unknown>) => {
      found.set(what, await cpuOf(session, turns, ask))
    }
    await of('what can be built?', 10, () => readFreeSteps(session, RUN, 800, 1_000_000))
    await of('is there more to wait for?', 20, () => readStanding(session, RUN, 'e'))
    await of('what is to be made of the last stage? (500 of them)', 20, () => readDue(session, RUN, 'link', 500))
    await of(`claim and receipt of ${BATCH} objects`, 20, () => make(session))
    await of('how far is it?', 20, () => readProgress(session, RUN))
    await of('what is to be analyzed? (500 of them)', 10, () =>
      readUnanalyzed(session, RUN, { most: 500, smallBytes: 1_000_000 }),
    )
    await of('all comparisons', 3, () => readComparisons(session, RUN))
    return found
  } finally {
    await session.close()
  }
}

/** In a transaction that is rolled back: the next one finds the same. */
async function make(session: Session): Promise<void> {
  const objects = await readDue(session, RUN, 'link', BATCH)
  const claim = claimObjectsSql(RUN, objects, { alone: [], inOrder: true })
  await session.execute(`BEGIN; ${claim}; ${receiptsSql(RUN, objects)}; ROLLBACK`)
}

const tablesHalfCopied = (tables: number) => `
  INSERT INTO sampan.object (run, id, position, kind, schema, name, stage, sql, verdict, status, rows_of, dependencies, works_on, bytes)
  SELECT '${RUN}', n, n, 'TABLE', 'public', 't' || n, 'create', 'CREATE TABLE …', 'migrate',
         'migrated', NULL, '{}', NULL, 0
    FROM generate_series(1, ${tables}) n;
  INSERT INTO sampan.object (run, id, position, kind, schema, name, stage, sql, verdict, status, rows_of, dependencies, works_on, bytes)
  SELECT '${RUN}', ${tables} + (n - 1) * ${OBJECTS - 1} + k, ${tables} + (n - 1) * ${OBJECTS - 1} + k, (ARRAY['CONSTRAINT', 'INDEX', 'INDEX', 'FK CONSTRAINT', 'TRIGGER'])[k],
         'public', 't' || n || '_' || k, CASE k WHEN 5 THEN 'link' ELSE 'index' END, 'CREATE …', 'migrate', 'pending',
         CASE k WHEN 4 THEN ARRAY[n::oid, (n % ${tables} + 1)::oid] ELSE ARRAY[n::oid] END,
         CASE k WHEN 4 THEN ARRAY[n, ${tables} + (n % ${tables}) * ${OBJECTS - 1} + 1] ELSE ARRAY[n] END, 'public.t' || n,
         CASE WHEN n % 10 = 0 THEN 100000000 ELSE 8192 END
    FROM generate_series(1, ${tables}) n, generate_series(1, ${OBJECTS - 1}) k;
  INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes, object)
  SELECT '${RUN}', n, 'public', 't' || n, '{a}', '{integer}', true, CASE WHEN n % 10 = 0 THEN 100000000 ELSE 8192 END, n FROM generate_series(1, ${tables}) n;
  INSERT INTO sampan.chunk (run, id, relation, kind, bytes, state, generation, rows)
  SELECT '${RUN}', n, n, 'whole', 8192, CASE WHEN n <= ${tables / 2} THEN 'done' ELSE 'pending' END, CASE WHEN n <= ${tables / 2} THEN 1 END,
         CASE WHEN n <= ${tables / 2} THEN 1 END
    FROM generate_series(1, ${tables}) n;
  INSERT INTO sampan.digest_part (run, id, relation, bytes) SELECT '${RUN}', n, n, 8192 FROM generate_series(1, ${tables}) n;
  INSERT INTO sampan.snapshot (run, generation, hop, id, holder, expires_at) VALUES ('${RUN}', 1, 1, 'x', 'h', now() + interval '1 hour')`
