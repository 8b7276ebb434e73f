import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { readStatements } from '../../../lambdas/core/ledger/story/statements.ts'
import { type ObjectAccount, openStory } from '../../../lambdas/core/ledger/story/story.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { openSession } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { compareDatabases } from '../../support/judges.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { call, ledgerObjects, mustBeDone } from './steps.ts'

/** The large partition is a part of its own, the small ones are one together. Few rows, and wide ones: what counts are the bytes. */
const trees = `
  CREATE TABLE child (id int PRIMARY KEY, u int UNIQUE);
  INSERT INTO child SELECT g, g FROM generate_series(1, 6300) g;
  CREATE TABLE days (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM (0) TO (100);
  CREATE TABLE days_2 PARTITION OF days FOR VALUES FROM (100) TO (1000000);
  INSERT INTO days SELECT id, id FROM child;
  CREATE TABLE "R ""1" (id int, at int, ref int, parent int, pad text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE r_1 PARTITION OF "R ""1" FOR VALUES FROM (0) TO (100);
  -- Columns in another order, with holes; and a constraint that has the key's name already.
  CREATE TABLE r_2 (gone int, ref int, pad text, at int NOT NULL, id int NOT NULL, parent int);
  ALTER TABLE r_2 DROP gone, ADD CONSTRAINT "to ""child" CHECK (id > 0);
  ALTER TABLE "R ""1" ATTACH PARTITION r_2 FOR VALUES FROM (100) TO (200);
  CREATE TABLE "R 3" PARTITION OF "R ""1" FOR VALUES FROM (200) TO (1000000) PARTITION BY LIST (at);
  CREATE TABLE r_3_a PARTITION OF "R 3" FOR VALUES IN (201, 202, 203);
  CREATE TABLE r_3_b PARTITION OF "R 3" DEFAULT;
  INSERT INTO "R ""1" (id, at, ref, parent, pad) SELECT id, id, id, id, repeat('x', 1700) FROM child;
  ALTER TABLE "R ""1"
    ADD CONSTRAINT "to ""child" FOREIGN KEY (ref) REFERENCES child
      MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT to_u FOREIGN KEY (ref) REFERENCES child (u),
    ADD CONSTRAINT to_days FOREIGN KEY (id, at) REFERENCES days,
    ADD CONSTRAINT to_itself FOREIGN KEY (parent, at) REFERENCES "R ""1" (id, at);
  COMMENT ON CONSTRAINT to_u ON "R ""1" IS 'a comment';
  -- Two keys that are equal for a partition, and one that a partition has for itself.
  CREATE TABLE twin (id int, ref int, pad text) PARTITION BY LIST (id);
  CREATE TABLE twin_1 PARTITION OF twin DEFAULT;
  INSERT INTO twin SELECT id, id, repeat('x', 1700) FROM child;
  ALTER TABLE twin ADD CONSTRAINT one FOREIGN KEY (ref) REFERENCES child, ADD CONSTRAINT two FOREIGN KEY (ref) REFERENCES child;
  CREATE TABLE own (id int, ref int, pad text) PARTITION BY LIST (id);
  CREATE TABLE own_1 PARTITION OF own DEFAULT;
  INSERT INTO own SELECT id, id, repeat('x', 1700) FROM child;
  ALTER TABLE own ADD CONSTRAINT of_all FOREIGN KEY (ref) REFERENCES child;
  ALTER TABLE own_1 ADD CONSTRAINT of_one FOREIGN KEY (id) REFERENCES child;
  CREATE TABLE plain (id int, at int, pad text);
  INSERT INTO plain SELECT id, at, repeat('x', 1700) FROM days;
  ALTER TABLE plain ADD CONSTRAINT plain_to_days FOREIGN KEY (id, at) REFERENCES days;`

async function copied(event: StepEvent): Promise<void> {
  await mustBeDone('planObjects', event)
  expect((await planCopy(event, stepContext())).verdict).toBe('done')
  await mustBeDone('createObjects', event)
  expect(await copyRound(event, 2)).toMatchObject({ summary: { verdict: 'done' } })
}

async function build(event: StepEvent): Promise<void> {
  await Promise.all([0, 1].map((lane) => mustBeDone('buildIndexes', { ...event, lane })))
}

/** Everything that the catalogue says of foreign keys, with those of partitions, and of their triggers and dependencies. */
const facts = (major: number) => `
  SELECT k.conrelid::regclass, k.conname, k.confrelid::regclass, p.conrelid::regclass AS parent_of, p.conname AS parent,
         k.conislocal, k.coninhcount, k.convalidated, k.condeferrable, k.condeferred, k.confupdtype, k.confdeltype, k.confmatchtype,
         k.conkey, k.confkey, pg_get_constraintdef(k.oid) AS definition,
         -- It says nothing of a foreign key; one that was added to the partition itself says true.
         ${major >= 18 ? 'k.connoinherit' : 'NULL'} AS "noInherit",
         (SELECT string_agg(concat_ws(' ', t.tgrelid::regclass, t.tgtype, t.tgfoid::regproc, t.tgenabled, t.tgparentid <> 0), ', '
                   ORDER BY t.tgrelid::regclass::text, t.tgtype) FROM pg_trigger t WHERE t.tgconstraint = k.oid) AS triggers,
         (SELECT string_agg(concat_ws(' ', d.deptype, pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)), ', '
                   ORDER BY pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid), d.deptype)
            FROM pg_depend d WHERE d.classid = 'pg_constraint'::regclass AND d.objid = k.oid) AS needs
    FROM pg_constraint k LEFT JOIN pg_constraint p ON p.oid = k.conparentid
   WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
   ORDER BY k.conrelid::regclass::text, k.conname, k.confrelid::regclass::text`

/** The same objects made by their own statements in the archive's order, as pg_restore makes them. */
async function restored(destination: TestDatabase): Promise<TestDatabase> {
  const made = await destination.query(`SELECT sql FROM sampan.object WHERE verdict <> 'skip' ORDER BY position`)
  return createDatabase(destination.server, made.map(({ sql }) => sql).join('\n;\n'))
}

const VALID = `SELECT bool_and(convalidated) AS right, count(*) AS keys FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`

describe.each([
  [15, 15],
  [15, 18],
  [18, 15],
  [18, 18],
] as const)('foreign keys of large partitioned tables, from PostgreSQL %d to %d', (from, to) => {
  test('are validated in parts and stand in the catalogue as pg_restore makes them', {
    tags: 'long',
    timeout: 180_000,
  }, async () => {
    const source = await createDatabase(sharedServer(from), trees)
    const destination = await createDatabase(sharedServer(to))
    const event = stepEvent(source, destination)
    await copied(event)
    await build(event)
    for (const name of ['summariseIndexes', 'linkObjects', 'syncSequences', 'analyze'] as const) {
      await mustBeDone(name, event)
    }
    expect(await ledgerObjects(destination, `status NOT IN ('migrated', 'transformed')`)).toEqual([])
    // Statistics of trees as a whole, which autovacuum does not make.
    expect(await destination.query(`SELECT relname FROM pg_class WHERE relkind = 'p' AND reltuples < 0`)).toEqual([])
    expect(await destination.query(facts(to))).toEqual(await (await restored(destination)).query(facts(to)))
    const inParts = await destination.query(
      `SELECT o.name, count(*) AS parts, count(p.done_at) AS done FROM sampan.object o
         JOIN sampan.key_part p ON p.run = o.run AND p.object = o.id GROUP BY o.name ORDER BY o.name COLLATE "C"`,
    )
    const parts = (name: string, count: string) => ({ name, parts: count, done: count })
    const references = [parts('R "1 to "child', '2'), parts('R "1 to_u', '2')]
    expect(inParts).toEqual(
      to === 15
        ? references
        : [
            references[0],
            parts('R "1 to_days', '2'),
            parts('R "1 to_itself', '2'),
            references[1],
            parts('own of_all', '1'),
            parts('twin one', '1'),
            parts('twin two', '1'),
          ],
    )
    // What stays one statement where the server has no other way of the same result, goes in two steps where it has.
    const inTwo = await destination.query(
      `SELECT build_sql IS NOT NULL AS two FROM sampan.object WHERE name LIKE '%plain_to_days'`,
    )
    expect(inTwo).toEqual([{ two: to === 18 ? 't' : 'f' }])
    // The story tells of the archive's objects, not of parts.
    const session = await openSession(destination, 'destination')
    const told: ObjectAccount[] = []
    for await (const { objects } of (await openStory(session, event.run.id))?.parts ?? [])
      told.push(...objects.filter(({ kind }) => kind === 'FK CONSTRAINT'))
    await session.close()
    expect(told).toHaveLength(9)
    expect(told.every(({ milliseconds }) => (milliseconds ?? 0) > 0)).toBe(true)
    expect(await compareDatabases(source, destination)).toEqual([])
  })
})

const simple = `
  CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent SELECT generate_series(1, 12000);
  CREATE TABLE tree (id int, ref int, pad text) PARTITION BY RANGE (id);
  CREATE TABLE tree_1 PARTITION OF tree FOR VALUES FROM (0) TO (6001);
  CREATE TABLE tree_2 PARTITION OF tree FOR VALUES FROM (6001) TO (12001);
  INSERT INTO tree SELECT g, g, repeat('x', 1700) FROM generate_series(1, 12000) g;
  ALTER TABLE tree ADD CONSTRAINT key FOREIGN KEY (ref) REFERENCES parent;`

describe.each([15, 18] as const)('on PostgreSQL %d', (major) => {
  test('the last step reads no row', { tags: 'long', timeout: 60_000 }, async () => {
    const destination = await createDatabase(sharedServer(major))
    const event = stepEvent(await createDatabase(sharedServer(15), simple), destination)
    await copied(event)
    const [steps] = await destination.query(
      `SELECT build_sql AS build, finish_sql AS finish FROM sampan.object WHERE kind = 'FK CONSTRAINT'`,
    )
    const client = await destination.connect()
    const scans = async () => {
      const { rows } = await client.query(
        `SELECT sum(seq_scan + COALESCE(idx_scan, 0)) AS scans FROM pg_stat_xact_user_tables WHERE schemaname = 'public'`,
      )
      return Number(rows[0].scans)
    }
    await destination.query('ALTER TABLE parent ADD PRIMARY KEY (id)')
    await client.query(`BEGIN; ${steps?.build}`)
    const { rows: parts } = await client.query('SELECT sql, works_on FROM sampan.key_part ORDER BY part')
    expect(parts.map(({ works_on }) => works_on)).toEqual(['public.tree_1', 'public.tree_2'])
    const promised = await scans()
    for (const { sql } of parts) await client.query(sql)
    const validated = await scans()
    expect(validated).toBeGreaterThan(promised)
    await client.query(steps?.finish ?? '')
    expect(await scans()).toBe(validated)
    await client.query('ROLLBACK')
  })

  test('two lanes validate two partitions at once, and that is told as one object', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const destination = await createDatabase(sharedServer(major))
    const event = stepEvent(await createDatabase(sharedServer(15), simple), destination)
    await copied(event)
    // The first step is made by hand, so that both partitions can be held before their turn.
    await destination.query(`ALTER TABLE parent ADD CONSTRAINT parent_pkey PRIMARY KEY (id);
      UPDATE sampan.object SET status = 'migrated' WHERE kind = 'CONSTRAINT';
      DO $$ BEGIN EXECUTE (SELECT build_sql FROM sampan.object WHERE kind = 'FK CONSTRAINT'); END $$;
      UPDATE sampan.object SET built_at = now() WHERE kind = 'FK CONSTRAINT'`)
    const holder = await destination.connect()
    await holder.query('BEGIN; LOCK TABLE tree_1, tree_2 IN SHARE UPDATE EXCLUSIVE MODE')
    const building = build(event)
    const waiting = () =>
      destination.query(
        `SELECT regexp_substr(query, 'tree_[12]') AS partition FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%VALIDATE%' ORDER BY 1`,
      )
    while ((await waiting()).length < 2) await sleep(20)
    expect(await waiting()).toEqual([{ partition: 'tree_1' }, { partition: 'tree_2' }])
    const session = await openSession(destination, 'destination')
    expect(await readStatements(session, event.run.id)).toMatchObject([
      { kind: 'FK CONSTRAINT', name: 'tree key', phase: 'its partitions', done: 0 },
    ])
    await session.close()
    await holder.query('ROLLBACK')
    await building
    expect(await ledgerObjects(destination, `status <> 'migrated' AND kind = 'FK CONSTRAINT'`)).toEqual([])
  })

  test('a row that breaks the key is told, and the partitions that were found right stay so', {
    tags: 'long',
    timeout: 60_000,
  }, async () => {
    const broken = `SET session_replication_role = replica; UPDATE tree SET ref = -1 WHERE id = 6001;`
    const destination = await createDatabase(sharedServer(major))
    const event = stepEvent(await createDatabase(sharedServer(15), simple + broken), destination)
    await copied(event)
    // One after the other, so that the right one is not left over.
    await mustBeDone('buildIndexes', { ...event, lane: 0 })
    if (major === 18) {
      // As a plain table's key it stands NOT VALID, and the report says how to find the rows and what to do then.
      await mustBeDone('summariseIndexes', event)
      const [key] = await ledgerObjects(destination, `kind = 'FK CONSTRAINT'`)
      expect(key).toMatchObject({ status: 'transformed', reason: expect.stringMatching(/^NOT VALID: /) })
      const [, find, mend] = /found by (.*?); .*: (ALTER TABLE .*)$/.exec(String(key?.reason)) ?? []
      expect(await destination.query(find ?? '')).toMatchObject([{ id: '6001', ref: '-1' }])
      await destination.query(`UPDATE tree SET ref = 6001 WHERE ref = -1; ${mend}`)
      expect(await destination.query(VALID)).toEqual([{ right: 't', keys: '3' }])
      return
    }
    expect(await call('summariseIndexes', event)).toMatchObject({
      verdict: 'failed',
      error: { code: 'OBJECTS_FAILED', message: expect.stringContaining('tree key') },
    })
    expect(await ledgerObjects(destination, `kind = 'FK CONSTRAINT'`)).toMatchObject([
      {
        status: 'failed',
        error_code: '23503',
        error_message: 'insert or update on table "tree_2" violates foreign key constraint "key"',
      },
    ])
    expect(await destination.query(`SELECT done_at IS NOT NULL AS done FROM sampan.key_part ORDER BY part`)).toEqual([
      { done: 't' },
      { done: 'f' },
    ])
    await destination.query(`UPDATE tree SET ref = 6001 WHERE ref = -1`)
    await mustBeDone('planObjects', event)
    await build(event)
    await mustBeDone('summariseIndexes', event)
    expect(await destination.query(VALID)).toEqual([{ right: 't', keys: '3' }])
  })
})
