import { expect, test } from 'vitest'
import { readRelations } from '../../../lambdas/core/ledger/relations.ts'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyInNewerView } from '../../../lambdas/stages/copy/view/rewritten.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { openSession, planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { untilFound } from '../../support/hold.ts'
import {
  createDatabase,
  oldestServer,
  type ServerAddress,
  sharedServer,
  type TestDatabase,
} from '../../support/servers.ts'

const TYPES = `CREATE TYPE mood AS ENUM ('good', 'bad', 'odd'); CREATE TYPE span AS (least int, most int);
  CREATE DOMAIN moods AS mood[]; CREATE TYPE note AS (mood mood, moods moods);`
const TABLES = `
  CREATE TABLE crossed (id int, one text, two text);
  CREATE TABLE again (id int, kept text, gone text);
  CREATE TABLE labelled (id int, note note);
  CREATE TABLE spans (id int, span span);
  CREATE TABLE dropped (id int, filler text, gone int);
  CREATE TABLE swapped (id int, filler text);
  CREATE TABLE calm (id int, filler text, mood mood, span span);`
const ROWS = `
  INSERT INTO crossed SELECT n, 'one ' || n, repeat(md5(n::text), 20) FROM generate_series(1, 4000) n;
  INSERT INTO again SELECT n, repeat(md5(n::text), 20), 'gone ' || n FROM generate_series(1, 4000) n;
  INSERT INTO labelled SELECT n, ROW(CASE WHEN n % 3 = 0 THEN 'bad' ELSE 'good' END::mood, '{bad,good}')::note FROM generate_series(1, 40000) n;
  INSERT INTO spans SELECT n, ROW(n, n + 1)::span FROM generate_series(1, 40000) n;
  INSERT INTO dropped SELECT n, repeat(md5(n::text), 20), n FROM generate_series(1, 4000) n;
  INSERT INTO swapped SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 4000) n;
  INSERT INTO calm SELECT n, repeat(md5(n::text), 20), 'odd', ROW(n, n)::span FROM generate_series(1, 4000) n;`
/** Partitions of a hash of an enum are not those of the destination: the tree travels through its root. */
const TREE = `CREATE TABLE tree (id int, mood mood) PARTITION BY LIST (mood);
  CREATE TABLE tree_good PARTITION OF tree FOR VALUES IN ('good');
  CREATE TABLE tree_bad PARTITION OF tree FOR VALUES IN ('bad');`

/** The ledger knows one table, of which the first part is copied, in the first view, and the lane's sessions have ended. */
async function begun(server: ServerAddress, table: string, { tree = '', rows = '' } = {}) {
  const source = await createDatabase(server, `${TYPES} ${TABLES} ${tree} ${ROWS} ${rows}`)
  const destination = await createDatabase(sharedServer(18), `${TYPES} ${TABLES} ${tree}`)
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  if (tree !== '') {
    const [root] = await source.query(`SELECT 'tree'::regclass::oid::text AS oid`)
    await destination.query(
      `INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes, pages, tree)
       SELECT run, ${root?.oid}, 'public', 'tree', '{id,mood}', '{integer,public.mood}', false, 100000, 0, true
         FROM sampan.relation LIMIT 1`,
    )
  }
  await destination.query(`SET sampan.execution = 'e'; DELETE FROM sampan.relation WHERE name <> '${table}'`)
  await planCopy(event, stepContext())
  const stop = new AbortController()
  const keeper = keepSnapshot({ ...event, lane: 1 }, stepContext(60, stop.signal)).catch(() => null)
  await untilFound(destination, 'SELECT FROM sampan.snapshot')
  const holder = await destination.connect()
  await holder.query('BEGIN; SELECT 1 FROM sampan.chunk WHERE lower IS NOT NULL FOR UPDATE')
  if (tree === '') await copyLane({ ...event, lane: 1 }, stepContext())
  await holder.query('COMMIT')
  /** Round after round, as the machine does it. */
  const toItsEnd = async () => {
    for (let rounds = 1; rounds < 20; rounds += 1) {
      const { summary } = await copyRound(event, 1)
      if (summary.verdict === 'yield') {
        await planCopy(event, stepContext())
        continue
      }
      stop.abort()
      await keeper
      return summary
    }
    throw new Error('the copy does not come to its end')
  }
  return { source, destination, event, toItsEnd }
}

async function told(destination: TestDatabase) {
  const events = await destination.query(`SELECT code FROM sampan.event WHERE code LIKE 'SRC\\_%' ORDER BY number`)
  return events.map(({ code }) => code)
}

const rowsOf = (database: TestDatabase, table: string) =>
  database.query(`SELECT count(*), md5(string_agg(t::text, ';' ORDER BY t::text COLLATE "C")) FROM ${table} t`)

const servers: [string, () => Promise<ServerAddress>][] = [
  ['10', oldestServer],
  ['15', async () => sharedServer(15)],
]

test.each(servers)(
  'what changes under the plan itself is no table from two moments, from %s',
  { tags: 'long', timeout: 60_000 },
  async (_, server) => {
    for (const [table, ddl] of [
      [
        'crossed',
        'ALTER TABLE crossed RENAME one TO x; ALTER TABLE crossed RENAME two TO one; ALTER TABLE crossed RENAME x TO two',
      ],
      // The COPY fails here, before anything could be asked behind it.
      ['dropped', 'ALTER TABLE dropped DROP gone'],
      [
        'swapped',
        'BEGIN; CREATE TABLE fresh AS TABLE swapped; ALTER TABLE swapped RENAME TO old; ALTER TABLE fresh RENAME TO swapped; COMMIT',
      ],
    ] as const) {
      const run = await begun(await server(), table)
      await run.source.query(ddl)
      expect(await run.toItsEnd()).toMatchObject({
        verdict: 'failed',
        error: { code: 'SRC_STRUCTURE_OF_PLAN_CHANGED' },
      })
      // It was found once, and not in one view after the other.
      expect(await told(run.destination)).toEqual(['SRC_STRUCTURE_CHANGED'])
    }
  },
)

test.each(servers)(
  'what a newer view has in the plan’s form is copied again in it, from %s',
  { tags: 'long', timeout: 60_000 },
  async (_, server) => {
    for (const [table, ddl] of [
      ['again', `ALTER TABLE again DROP gone; ALTER TABLE again ADD gone text`],
      ['spans', 'ALTER TYPE span DROP ATTRIBUTE most; ALTER TYPE span ADD ATTRIBUTE most int'],
      [
        'labelled',
        `ALTER TYPE mood RENAME VALUE 'good' TO 'x'; ALTER TYPE mood RENAME VALUE 'bad' TO 'good'; ALTER TYPE mood RENAME VALUE 'x' TO 'bad'`,
      ],
    ] as const) {
      const run = await begun(await server(), table)
      await run.source.query(ddl)
      expect(await run.toItsEnd(), table).toMatchObject({ verdict: 'done' })
      expect(await told(run.destination), table).toEqual(['SRC_STRUCTURE_CHANGED'])
      expect(await rowsOf(run.destination, table), table).toEqual(await rowsOf(run.source, table))
    }
  },
)

test('a table that was changed five times ends the run; when that is left, and the task started again, it arrives', async () => {
  const run = await begun(sharedServer(15), 'calm')
  const ledger = await openSession(run.destination, 'destination')
  const [relation] = await readRelations(ledger, run.event.run.id)
  if (relation === undefined) throw new Error('no relation')
  await run.destination.query('UPDATE sampan.relation SET rewrites = 4')
  await expect(copyInNewerView(ledger, run.event.run.id, relation, 'structure', 1)).rejects.toMatchObject({
    code: 'SRC_STRUCTURE_CHANGED',
    remedy: expect.stringContaining('leave that until the rows are copied, and start the task again'),
  })
  await ledger.close()
  await planCopy(run.event, stepContext())
  expect(await run.toItsEnd()).toMatchObject({ verdict: 'done' })
  expect(await rowsOf(run.destination, 'calm')).toEqual(await rowsOf(run.source, 'calm'))
})

test.each(servers)(
  'a tree that travels through its root has the partitions of its view, from %s',
  { tags: 'long', timeout: 60_000 },
  async (_, server) => {
    for (const ddl of [
      'ALTER TABLE tree DETACH PARTITION tree_bad',
      `ALTER TABLE tree ATTACH PARTITION apart FOR VALUES IN ('odd')`,
    ]) {
      const run = await begun(await server(), 'tree', {
        tree: `${TREE} CREATE TABLE apart (id int, mood mood);`,
        rows: `INSERT INTO tree SELECT n, CASE WHEN n % 3 = 0 THEN 'good' ELSE 'bad' END::mood FROM generate_series(1, 900) n;
             INSERT INTO apart SELECT n, 'odd' FROM generate_series(1, 50) n`,
      })
      await run.source.query(ddl)
      if (ddl.includes('ATTACH')) await run.destination.query(ddl)
      expect(await run.toItsEnd()).toMatchObject({ verdict: 'done' })
      expect(await told(run.destination), ddl).toEqual(['SRC_STRUCTURE_CHANGED'])
      expect(await rowsOf(run.destination, 'tree')).toEqual(await rowsOf(run.source, 'tree'))
    }
  },
)

test.each(servers)(
  'what changes no row that was read makes no newer view, from %s',
  { tags: 'long', timeout: 60_000 },
  async (_, server) => {
    const run = await begun(await server(), 'calm')
    await run.source.query(`ALTER TABLE calm ADD fresh int; ALTER TABLE crossed RENAME one TO other`)
    await run.source.query(`ALTER TYPE mood ADD VALUE 'new' BEFORE 'good'`)
    await run.source.query(`CREATE TABLE child () INHERITS (calm)`)
    await run.source.query(`INSERT INTO child SELECT 1, 'of a child'`)
    expect(await run.toItsEnd()).toMatchObject({ verdict: 'done' })
    expect(await told(run.destination)).toEqual([])
    expect(await run.destination.query('SELECT count(*), sum(id), count(filler) FROM calm')).toEqual(
      await run.source.query('SELECT count(*), sum(id), count(filler) FROM ONLY calm'),
    )
  },
)

test('a lane holds no lock of the source between two flights, and is in its view all the same', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const run = await begun(sharedServer(15), 'calm')
  const holder = await run.destination.connect()
  await holder.query('BEGIN; SELECT 1 FROM sampan.chunk WHERE upper IS NULL FOR UPDATE')
  const end = run.toItsEnd()
  await untilFound(
    run.destination,
    `SELECT FROM sampan.chunk HAVING count(*) > 2 AND count(*) = count(*) FILTER (WHERE state = 'done' OR upper IS NULL)`,
  )
  const sessions = `SELECT a.pid FROM pg_stat_activity a WHERE a.datname = current_database() AND a.state = 'idle in transaction'
     AND a.application_name LIKE '%lane%'`
  await untilFound(run.source, `${sessions} OFFSET 1`)
  expect(
    await run.source.query(
      `SELECT relation::regclass::text FROM pg_locks WHERE pid IN (${sessions}) AND locktype = 'relation'`,
    ),
  ).toEqual([])
  // The application's own commands do not wait for the lane's call to end.
  await run.source.query(
    `SET lock_timeout = '5s'; ALTER TABLE calm ADD fresh int; INSERT INTO calm VALUES (0, 'later')`,
  )
  await holder.query('COMMIT')
  expect(await end).toMatchObject({ verdict: 'done' })
  expect(await run.destination.query('SELECT count(*), min(id) AS least FROM calm')).toEqual([
    { count: '4000', least: '1' },
  ])
})
