import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readStatements } from '../../../lambdas/core/ledger/story/statements.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { openSession } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { holdTable, untilFound } from '../../support/hold.ts'
import { compareDatabases } from '../../support/judges.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { call, endCopy, ledgerObjects, mustBeDone } from './steps.ts'

/** All steps from the plan to the foreign keys, index lanes beside the copy as the workflow has them. */
async function migrate(event: StepEvent, lanes = 2, beside: () => Promise<void> = async () => {}): Promise<void> {
  await mustBeDone('planObjects', event)
  expect((await planCopy(event, stepContext())).verdict).toBe('done')
  await mustBeDone('createObjects', event)
  const building = Array.from({ length: lanes }, (_, lane) => mustBeDone('buildIndexes', { ...event, lane }))
  const besides = beside()
  const { summary } = await copyRound(event, lanes)
  expect(summary).toMatchObject({ verdict: 'done' })
  await Promise.all([...building, besides])
  for (const name of ['summariseIndexes', 'linkObjects', 'syncSequences', 'analyze'] as const) {
    await mustBeDone(name, event)
  }
}

/** Some 12 MB in a few wide rows: large enough for two steps. */
const ROWS = 6_000
const PAD = `repeat('x', 1700)`

const everyKey = `
  CREATE SCHEMA "Odd ""Schema";
  CREATE TABLE "Odd ""Schema"."Ta""ble (1)" (
    "Id, key" int NOT NULL, a int NOT NULL, b int, c int NOT NULL, d text, span int4range, pad text);
  INSERT INTO "Odd ""Schema"."Ta""ble (1)"
    SELECT g, g, g, g, 'd' || g, int4range(g * 2, g * 2 + 1), ${PAD} FROM generate_series(1, ${ROWS}) g;
  ALTER TABLE "Odd ""Schema"."Ta""ble (1)"
    ADD CONSTRAINT "p ""k"")" PRIMARY KEY ("Id, key") INCLUDE (d) WITH (fillfactor = 71, deduplicate_items = off),
    ADD CONSTRAINT deferred UNIQUE (a, b) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT put_off UNIQUE (b) DEFERRABLE,
    ADD CONSTRAINT nulls UNIQUE NULLS NOT DISTINCT (b, d),
    ADD CONSTRAINT identity UNIQUE (c),
    ADD CONSTRAINT apart EXCLUDE USING gist (span WITH &&);
  CREATE UNIQUE INDEX clustered ON "Odd ""Schema"."Ta""ble (1)" (d, (lower(d)), "Id, key" DESC) WHERE d <> 'it''s; here';
  CREATE INDEX expression ON "Odd ""Schema"."Ta""ble (1)" ((a + 1), (d || ';"'));
  ALTER INDEX "Odd ""Schema".expression ALTER COLUMN 1 SET STATISTICS 77;
  CREATE INDEX plain ON "Odd ""Schema"."Ta""ble (1)" USING brin (a) WITH (pages_per_range = 4);
  CREATE STATISTICS "Odd ""Schema".together (dependencies) ON a, b FROM "Odd ""Schema"."Ta""ble (1)";`
const everyForeignKey = `
  ALTER TABLE "Odd ""Schema"."Ta""ble (1)" REPLICA IDENTITY USING INDEX identity;
  CREATE INDEX for_cluster ON "Odd ""Schema"."Ta""ble (1)" (b, a);
  ALTER TABLE "Odd ""Schema"."Ta""ble (1)" CLUSTER ON for_cluster;
  COMMENT ON CONSTRAINT nulls ON "Odd ""Schema"."Ta""ble (1)" IS 'nulls';
  CREATE TABLE child (id int PRIMARY KEY, parent int, other int, self int, late int, pad text);
  INSERT INTO child SELECT g, g, g, g, -g, ${PAD} FROM generate_series(1, ${ROWS}) g;
  ALTER TABLE child
    ADD CONSTRAINT "to ""parent""" FOREIGN KEY (parent) REFERENCES "Odd ""Schema"."Ta""ble (1)" ("Id, key")
      MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT other_key FOREIGN KEY (other) REFERENCES "Odd ""Schema"."Ta""ble (1)" (c) ON DELETE RESTRICT,
    ADD CONSTRAINT self_key FOREIGN KEY (self) REFERENCES child (id),
    ADD CONSTRAINT never_checked FOREIGN KEY (late) REFERENCES child (id) NOT VALID;
  COMMENT ON CONSTRAINT self_key ON child IS 'itself';
  ALTER TABLE "Odd ""Schema"."Ta""ble (1)" ADD CONSTRAINT back FOREIGN KEY (a) REFERENCES child (id);
  CREATE TABLE parted (id int, at int, ref int, pad text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (${ROWS / 2 + 1}) WITH (fillfactor = 50);
  CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (${ROWS / 2 + 1}) TO (1000000) WITH (fillfactor = 50);
  INSERT INTO parted SELECT g, g, g, repeat('y', 1900) FROM generate_series(1, ${ROWS}) g;
  CREATE INDEX parted_ref ON parted (ref);
  ALTER TABLE parted ADD CONSTRAINT parted_child FOREIGN KEY (ref) REFERENCES child (id);
  CREATE TABLE to_parted (id int, at int, FOREIGN KEY (id, at) REFERENCES parted, pad text);
  INSERT INTO to_parted SELECT g, g, ${PAD} FROM generate_series(1, ${ROWS}) g;
  CREATE MATERIALIZED VIEW filled AS SELECT id, pad FROM child;
  CREATE UNIQUE INDEX filled_id ON filled (id);
  CREATE MATERIALIZED VIEW filled_again AS SELECT count(*) FROM filled;`

describe.each([
  [15, 15],
  [15, 18],
  [18, 18],
] as const)('every form of key on large tables, from PostgreSQL %d to %d', (from, to) => {
  test('is made in two steps and reads as it did on the source', { tags: 'long', timeout: 180_000 }, async () => {
    const source = await createDatabase(sharedServer(from), everyKey + everyForeignKey)
    const destination = await createDatabase(sharedServer(to))
    await migrate(stepEvent(source, destination, { chunkMegabytes: 4 }))
    expect(await ledgerObjects(destination, `status NOT IN ('migrated', 'transformed')`)).toEqual([])
    const inTwo = await destination.query(
      `SELECT name FROM sampan.object WHERE build_sql IS NOT NULL AND built_at IS NOT NULL ORDER BY name COLLATE "C"`,
    )
    expect(inTwo.map(({ name }) => name)).toEqual([
      'Ta"ble (1) back',
      'Ta"ble (1) deferred',
      'Ta"ble (1) identity',
      'Ta"ble (1) nulls',
      'Ta"ble (1) p "k")',
      'Ta"ble (1) put_off',
      'child other_key',
      'child self_key',
      'child to "parent"',
      'expression',
      'for_cluster',
      'parted parted_child',
      'parted_1 parted_1_pkey',
      'parted_2 parted_2_pkey',
      // Before 18 a key that references a partitioned table is made in one.
      ...(to === 18 ? ['to_parted to_parted_id_at_fkey'] : []),
    ])
    expect(await compareDatabases(source, destination)).toEqual([])
  })
})

test('a table’s indexes are built while another table is still copied', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  // The larger one is copied first, and neither shares its flight.
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE early (id int PRIMARY KEY, pad text); CREATE INDEX early_pad ON early (pad, id);
     INSERT INTO early SELECT g, ${PAD} FROM generate_series(1, ${ROWS * 2}) g;
     CREATE TABLE late (id int PRIMARY KEY, early int REFERENCES early, pad text);
     INSERT INTO late SELECT g, g, ${PAD} FROM generate_series(1, ${ROWS}) g`,
  )
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination, { chunkMegabytes: 64 })
  await migrate(event, 1, async () => {
    const release = await holdTable(destination, 'late')
    const made = `SELECT FROM sampan.object WHERE name IN ('early early_pkey', 'early_pad')
      HAVING count(*) = 2 AND count(finished_at) = 2`
    await untilFound(destination, made).finally(release)
  })
  const [times] = await destination.query(
    `SELECT (SELECT max(finished_at) FROM sampan.object WHERE name IN ('early early_pkey', 'early_pad'))
              < (SELECT max(finished_at) FROM sampan.chunk) AS early,
            (SELECT min(built_at) FROM sampan.object WHERE name = 'early early_pkey')
              > (SELECT max(c.finished_at) FROM sampan.chunk c JOIN sampan.relation r ON r.oid = c.relation
                  WHERE r.name = 'early') AS behind_its_rows,
            (SELECT finished_at FROM sampan.object WHERE kind = 'FK CONSTRAINT')
              > (SELECT copied_at FROM sampan.run) AS key_last`,
  )
  expect(times).toEqual({ early: 't', behind_its_rows: 't', key_last: 't' })
  expect(await compareDatabases(source, destination)).toEqual([])
})

test('a table that is copied anew, with its keys already there, arrives as it is now', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE t (id int PRIMARY KEY, pad text); CREATE UNIQUE INDEX t_pad ON t (pad, id);
     INSERT INTO t SELECT g, ${PAD} FROM generate_series(1, ${ROWS}) g`,
  )
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await migrate(event)
  // Every row moves to another place, keys change theirs: what the old view copied is worth nothing.
  await source.query(`UPDATE t SET id = id + ${ROWS}; UPDATE t SET id = id - ${ROWS} + 1`)
  await destination.query(`UPDATE sampan.run SET copied_at = NULL, copy_ended_at = NULL`)
  const building = mustBeDone('buildIndexes', { ...event, lane: 0 })
  const { summary } = await copyRound(event, 2)
  expect(summary).toMatchObject({ verdict: 'done' })
  await building
  expect(await destination.query(`SELECT max(reset_generation) AS generation FROM sampan.relation`)).toEqual([
    { generation: '2' },
  ])
  expect(await compareDatabases(source, destination)).toEqual([])
})

/** Slow enough to be killed in, and it would end with its client if anybody looked after the client. */
const slow = `
  CREATE SEQUENCE calls;
  CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN RAISE NOTICE 'slow'; PERFORM pg_sleep(0.5), nextval('public.calls'); RETURN $1; END $$;`

/** Ranges that take their time to be compared, where a key is validated; some 12 MB on the source, so that it is a step of its own. */
const slowKey = `
  CREATE FUNCTION slow_compare(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN
      IF current_setting('application_name') LIKE 'sampan:%:index:%' AND current_query() LIKE '%VALIDATE%' THEN
        PERFORM pg_sleep(0.3);
      END IF;
      RETURN btint4cmp($1, $2);
    END $$;
  CREATE OPERATOR CLASS slow_ops FOR TYPE int USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 slow_compare(int, int);
  CREATE TYPE slow AS RANGE (SUBTYPE = int, SUBTYPE_OPCLASS = slow_ops);
  CREATE TABLE parent (id slow PRIMARY KEY, pad text);
  INSERT INTO parent SELECT slow(g, g + 1), ${PAD} FROM generate_series(1, ${ROWS}) g;`
const slowRows = `
  INSERT INTO parent SELECT slow(g, g + 1) FROM generate_series(1, 6) g; INSERT INTO child SELECT id FROM parent`

interface Scene {
  /** What is killed, and more where that is not enough to tell the scenes apart. */
  readonly title: string
  /** A LIKE pattern of the slow statement. */
  readonly what: string
  /** The destination's major version. @default 18 */
  readonly on?: 15 | 18
  readonly sql: string
  readonly rows: string
  readonly proof: string
  readonly expected: readonly Record<string, string>[]
}

describe('a client that is killed in the middle of', () => {
  test.each<Scene>([
    {
      title: 'CREATE INDEX',
      what: 'CREATE INDEX',
      sql: `${slow} CREATE TABLE t (a int); CREATE INDEX slow_index ON t (slow(a))`,
      rows: `INSERT INTO t SELECT generate_series(1, 6)`,
      proof: `SELECT indisvalid AS right, (SELECT last_value FROM calls) AS calls FROM pg_index WHERE indexrelid = 'slow_index'::regclass`,
      expected: [{ right: 't', calls: '6' }],
    },
    {
      title: 'REFRESH',
      what: 'REFRESH',
      sql: `${slow} CREATE TABLE t (a int); CREATE MATERIALIZED VIEW filled AS SELECT slow(a) FROM t`,
      rows: `INSERT INTO t SELECT generate_series(1, 6)`,
      proof: `SELECT relispopulated AS right, (SELECT last_value FROM calls) AS calls, (SELECT count(*) FROM filled) AS rows
                FROM pg_class WHERE relname = 'filled'`,
      expected: [{ right: 't', calls: '6', rows: '6' }],
    },
    {
      title: 'VALIDATE CONSTRAINT of a table',
      what: 'ALTER TABLE ONLY % VALIDATE CONSTRAINT',
      sql: `${slowKey} CREATE TABLE child (id slow REFERENCES parent, pad text); INSERT INTO child SELECT * FROM parent`,
      rows: slowRows,
      proof: `SELECT convalidated AS right, (SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'child'::regclass) AS keys
                FROM pg_constraint WHERE contype = 'f' AND conrelid = 'child'::regclass`,
      expected: [{ right: 't', keys: '1' }],
    },
    ...([15, 18] as const).map((on) => ({
      title: `VALIDATE CONSTRAINT of a partition on ${on}`,
      // The partition's own: the statement of the whole tree that follows has nothing left to look at, and is seen by luck.
      what: 'ALTER TABLE ONLY % VALIDATE CONSTRAINT',
      on,
      sql: `${slowKey} CREATE TABLE child (id slow REFERENCES parent, pad text) PARTITION BY RANGE (id);
            CREATE TABLE child_1 PARTITION OF child DEFAULT`,
      rows: slowRows,
      proof: `SELECT bool_and(convalidated) AS right, count(*) AS keys FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`,
      expected: [{ right: 't', keys: '2' }],
    })),
  ])(
    '$title is missed by nobody: the statement ends on the server, once, and the next call finds it',
    { tags: 'long', timeout: 60_000 },
    async (scene) => {
      const source = await createDatabase(sharedServer(15), scene.sql)
      const destination = await createDatabase(sharedServer(scene.on ?? 18))
      // Somebody made the server look after its clients: the session must not.
      await destination.query(
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET client_connection_check_interval = 50', current_database()); END $$`,
      )
      const event = stepEvent(source, destination, { lane: 0 })
      await mustBeDone('planObjects', event)
      await mustBeDone('createObjects', event)
      await destination.query(scene.rows)
      await endCopy(event)

      const watch = new Watch(destination, scene.what)
      const child = startLane(event)
      await Promise.race([
        watch.untilActive(),
        once(child, 'exit').then(() => Promise.reject(new Error('it has ended'))),
      ])
      child.kill('SIGKILL')
      await once(child, 'exit')
      const orphan = await watch.active()
      expect(orphan).toMatchObject([{ application_name: expect.stringMatching(/^sampan:test-run:index:\d+$/) }])
      const session = await openSession(destination, 'destination')
      const [statement] = await readStatements(session, 'test-run')
      await session.close()
      expect(statement?.seconds).toBeGreaterThan(0)
      if (scene.what === 'CREATE INDEX')
        expect(statement).toMatchObject({ name: 'slow_index', phase: expect.stringContaining('building') })
      if (scene.on !== undefined)
        expect(statement).toMatchObject({ name: 'child child_id_fkey', phase: 'its partitions', done: 0 })

      const looking = watch.start()
      await Promise.all([0, 1].map((lane) => mustBeDone('buildIndexes', { ...event, lane })))
      await mustBeDone('summariseIndexes', event)
      await looking.stop()
      expect(watch.seen).toEqual(new Set(orphan.map(({ pid, query_start }) => `${pid} ${query_start}`)))
      expect(await destination.query(scene.proof)).toEqual(scene.expected)
      expect(await ledgerObjects(destination, `status NOT IN ('migrated', 'transformed')`)).toEqual([])
    },
  )
})

/** Sees the statements of one sort in pg_stat_activity. */
class Watch {
  readonly seen = new Set<string>()
  readonly #destination: TestDatabase
  readonly #what: string

  constructor(destination: TestDatabase, what: string) {
    this.#destination = destination
    this.#what = what
  }

  async active() {
    const found = await this.#destination.query(
      `SELECT pid, query_start, application_name FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND application_name LIKE 'sampan:%:index:%'
          AND backend_type = 'client backend' AND query LIKE '%' || $1 || '%'`,
      [this.#what],
    )
    for (const { pid, query_start } of found) this.seen.add(`${pid} ${query_start}`)
    return found
  }

  async untilActive(): Promise<void> {
    while ((await this.active()).length === 0) await sleep(5)
  }

  start() {
    const stop = new AbortController()
    const looking = (async () => {
      while (!stop.signal.aborted) {
        await this.active()
        await sleep(20)
      }
    })()
    return {
      stop: () => {
        stop.abort()
        return looking
      },
    }
  }
}

function startLane(event: StepEvent) {
  return spawn(process.execPath, [fileURLToPath(new URL('./index-child.ts', import.meta.url))], {
    env: { ...process.env, SAMPAN_TEST_EVENT: JSON.stringify(event) },
    stdio: 'inherit',
  })
}

/** Broken by rows that were written past its triggers; the larger one goes in two steps, the smaller one in one. */
const BROKEN_KEYS = `
  CREATE TABLE parent (id int PRIMARY KEY, "of" int, UNIQUE (id, "of"));
  INSERT INTO parent SELECT g, g FROM generate_series(1, ${ROWS}) g;
  CREATE TABLE child (good int REFERENCES parent, bad int, pad text);
  INSERT INTO child SELECT g, g, ${PAD} FROM generate_series(1, ${ROWS}) g;
  ALTER TABLE child ADD CONSTRAINT broken FOREIGN KEY (bad) REFERENCES parent;
  COMMENT ON CONSTRAINT broken ON child IS 'a comment';
  CREATE TABLE "Small" (id int, "Of" int, CONSTRAINT "its ""own" FOREIGN KEY (id, "Of") REFERENCES parent (id, "of") MATCH FULL);
  INSERT INTO "Small" VALUES (1, 1), (2, 2), (NULL, NULL);
  SET session_replication_role = replica;
  UPDATE child SET bad = -1 WHERE bad = 7; UPDATE "Small" SET "Of" = NULL WHERE id = 2`

test('a foreign key that the rows break is made NOT VALID, and told with what finds the rows and what validates it', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), BROKEN_KEYS)
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination)
  await mustBeDone('planObjects', event)
  await planCopy(event, stepContext())
  await mustBeDone('createObjects', event)
  await copyRound(event, 2)
  await mustBeDone('buildIndexes', { ...event, lane: 0 })
  await mustBeDone('summariseIndexes', event)
  const keys = await ledgerObjects(destination, `kind = 'FK CONSTRAINT'`)
  expect(keys.map(({ name, status }) => `${name}: ${status}`)).toEqual([
    'child broken: transformed',
    'child child_good_fkey: migrated',
    'Small its "own: transformed',
  ])
  expect(await ledgerObjects(destination, `status NOT IN ('migrated', 'transformed') AND stage = 'index'`)).toEqual([])
  const standing = () =>
    destination.query(
      `SELECT conname AS name, convalidated AS valid, obj_description(oid) AS comment FROM pg_constraint WHERE contype = 'f'
          AND connamespace = 'public'::regnamespace ORDER BY 1`,
    )
  expect(await standing()).toEqual([
    { name: 'broken', valid: 'f', comment: 'a comment' },
    { name: 'child_good_fkey', valid: 't', comment: null },
    { name: 'its "own', valid: 'f', comment: null },
  ])
  // New rows are checked.
  await expect(destination.query(`INSERT INTO child VALUES (1, -5)`)).rejects.toThrow('broken')
  const told = await destination.query(
    `SELECT level, step, message FROM sampan.event WHERE code = 'CONSTRAINT_NOT_VALID'`,
  )
  expect(told).toHaveLength(2)
  for (const { reason, name } of keys.filter(({ status }) => status === 'transformed')) {
    expect(told).toContainEqual({
      level: 'warning',
      step: 'BuildIndexes',
      message: `fk constraint public.${name}: ${reason}`,
    })
    const [, find = '', validate = ''] =
      /found by (SELECT .*); when they are mended: (ALTER .*)$/.exec(String(reason)) ?? []
    expect(await destination.query(find)).toHaveLength(1)
    await expect(destination.query(validate)).rejects.toThrow('violates foreign key')
    await destination.query(
      name === 'child broken' ? `UPDATE child SET bad = 7 WHERE bad = -1` : `UPDATE "Small" SET "Of" = 2 WHERE id = 2`,
    )
    expect(await destination.query(find)).toEqual([])
    await destination.query(validate)
  }
  expect((await standing()).map(({ valid }) => valid)).toEqual(['t', 't', 't'])
})

test('a broken key of or to a partitioned table fails, and its remedy works', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE tree (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE leaf PARTITION OF tree DEFAULT;
     CREATE TABLE plain (id int CONSTRAINT to_tree REFERENCES tree); INSERT INTO tree VALUES (1); INSERT INTO plain VALUES (1);
     CREATE TABLE below (id int CONSTRAINT to_leaf REFERENCES leaf); INSERT INTO below VALUES (1);
     CREATE TABLE refers (id int CONSTRAINT from_tree REFERENCES leaf) PARTITION BY RANGE (id); CREATE TABLE refers_1 PARTITION OF refers DEFAULT;
     INSERT INTO refers VALUES (1); SET session_replication_role = replica; UPDATE tree SET id = 2`,
  )
  const destination = await createDatabase(sharedServer(15))
  const event = stepEvent(source, destination)
  await mustBeDone('planObjects', event)
  await planCopy(event, stepContext())
  await mustBeDone('createObjects', event)
  await copyRound(event, 2)
  await mustBeDone('buildIndexes', { ...event, lane: 0 })
  expect(await call('summariseIndexes', event)).toMatchObject({
    verdict: 'failed',
    error: {
      code: 'OBJECTS_FAILED',
      message: expect.stringContaining('2 objects could not be made'),
      remedy: expect.stringContaining('partitioned table'),
    },
  })
  const keys = await ledgerObjects(destination, `kind = 'FK CONSTRAINT'`)
  expect(keys.map(({ name, status, error_code }) => `${name}: ${status} ${error_code ?? ''}`)).toEqual([
    'refers from_tree: failed 23503',
    'below to_leaf: transformed ',
    'plain to_tree: failed 23503',
  ])
  const going = { ...event, task: { ...event.task, onObjectError: 'continue' as const } }
  await mustBeDone('planObjects', going)
  await mustBeDone('buildIndexes', { ...going, lane: 0 })
  await mustBeDone('summariseIndexes', going)
})
