import pg from 'pg'
import { expect, test } from 'vitest'
import { readRelations } from '../../../lambdas/core/ledger/relations.ts'
import { besideDigest } from '../../../lambdas/core/rows/beside.ts'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { openSession, planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent, through } from '../../support/events.ts'
import { startRelay } from '../../support/relay.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'

async function readOnly(destination: TestDatabase, run: string) {
  const session = await openSession(destination, 'destination')
  try {
    return await readRelations(session, run)
  } finally {
    await session.close()
  }
}

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
  // In ranges of pages it is as many, and the same.
  const [relation] = await readOnly(destination, event.run.id)
  if (relation === undefined) throw new RangeError('no relation')
  const read = async (lower: string | null, upper: string | null) => {
    const range = { kind: 'tid', lower, upper, keyColumn: null } as const
    return destination.query(
      `SELECT * FROM (${besideDigest(relation.destination, event.run.id, relation.oid, range)}) AS part(rows, digest, others)`,
    )
  }
  const [whole] = await read(null, null)
  expect(whole).toMatchObject({ others: '1' })
  const parts = [...(await read(null, '30')), ...(await read('30', '90')), ...(await read('90', null))]
  const sum = (name: string) => String(parts.reduce((all, one) => all + BigInt(one[name] ?? 0), 0n))
  expect({ rows: sum('rows'), digest: sum('digest'), others: sum('others') }).toEqual(whole)
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

/** What keeps rows apart, in every way in which PostgreSQL does. */
const KINDS = `
  CREATE TABLE kinds (id int PRIMARY KEY, email text, span int4range, code text, low int, "Twice" int GENERATED ALWAYS AS (low * 2) STORED UNIQUE,
                      EXCLUDE USING gist (span WITH &&));
  CREATE UNIQUE INDEX ON kinds (lower(email)); CREATE UNIQUE INDEX ON kinds (code COLLATE "C") WHERE code <> 'any';
  CREATE TABLE fired (id int PRIMARY KEY, note text); CREATE TABLE stricter (id int PRIMARY KEY, note text); CREATE TABLE bare (id int PRIMARY KEY, note text);`

test('a row of the source stays out for a row of others alone: what would keep it out otherwise ends the copy, and the remedy lets it come', async () => {
  const source = await createDatabase(
    sharedServer(15),
    `${KINDS} INSERT INTO kinds SELECT g, 'e' || g, int4range(g * 10, g * 10 + 5), CASE WHEN g < 50 THEN 'c' || g ELSE 'any' END, g FROM generate_series(1, 100) g;
     INSERT INTO fired SELECT g, 'n' FROM generate_series(1, 100) g; INSERT INTO stricter SELECT g, 'n' || g % 10 FROM generate_series(1, 100) g;
     INSERT INTO bare SELECT g, 'n' FROM generate_series(1, 100) g`,
  )
  const destination = await createDatabase(
    sharedServer(18),
    `${KINDS} INSERT INTO kinds (id, email, span, code, low)
       VALUES (-1, 'E1', NULL, 'any', -1), (-2, NULL, '[22,23)', NULL, -2), (-3, NULL, NULL, 'c3', -3), (-4, 'any', NULL, 'any', 4), (5, NULL, NULL, NULL, NULL);
     INSERT INTO fired VALUES (-1); INSERT INTO stricter VALUES (-1, 'n3'); INSERT INTO bare VALUES (1, 'theirs');
     CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
     CREATE TRIGGER no BEFORE INSERT ON fired FOR EACH ROW EXECUTE FUNCTION no(); CREATE UNIQUE INDEX since ON stricter (note);
     ALTER TABLE bare DROP CONSTRAINT bare_pkey`,
  )
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  await destination.query(
    `UPDATE sampan.relation SET beside = '[{"column": "id", "equals": "OPERATOR(pg_catalog.=)"}]'`,
  )
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  const remedies: Record<string, string> = {
    'since the plan was made public.fired has got the trigger no, which would fire for the rows':
      'DROP TRIGGER no ON fired',
    'rows of the source keep each other out of public.stricter: a unique index or exclusion constraint there is stricter than those of the source':
      'DROP INDEX since',
    'the key of public.bare by which its rows are told from others is gone since the plan was made':
      'ALTER TABLE bare ADD PRIMARY KEY (id)',
  }
  const met = new Set<string>()
  for (let round = 0; round < 8; round += 1) {
    const { results, summary } = await copyRound(event, 1)
    if (summary.verdict === 'done') break
    const message = results[0]?.error?.message ?? ''
    const [told, remedy] = Object.entries(remedies).find(([text]) => message.includes(text)) ?? [message, null]
    met.add(told)
    expect(remedy, told).not.toBeNull()
    await destination.query(`${remedy}; UPDATE sampan.run SET copied_at = NULL, copy_ended_at = NULL`)
  }
  expect([...met].sort()).toEqual(Object.keys(remedies).sort())
  expect(
    await destination.query(
      `SELECT r.name, sum(inserted)::int AS inserted, sum(kept_different)::int AS different FROM sampan.landed l
         JOIN sampan.relation r ON r.run = l.run AND r.oid = l.relation GROUP BY r.name ORDER BY r.name`,
    ),
  ).toEqual([
    { name: 'bare', inserted: '99', different: '1' },
    { name: 'fired', inserted: '100', different: '0' },
    { name: 'kinds', inserted: '95', different: '5' },
    { name: 'stricter', inserted: '100', different: '0' },
  ])
})

test('rows that refer to each other are taken back together, and come again', async () => {
  const tree = 'CREATE TABLE tree (id int PRIMARY KEY, above int REFERENCES tree ON DELETE CASCADE, note text)'
  const source = await createDatabase(
    sharedServer(15),
    `${tree}; INSERT INTO tree SELECT g, NULLIF(g / 2, 0), 'n' FROM generate_series(1, 100) g`,
  )
  const destination = await createDatabase(sharedServer(18), `${tree}; INSERT INTO tree VALUES (1, NULL, 'theirs')`)
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  await destination.query(
    `UPDATE sampan.relation SET beside = '[{"column": "id", "equals": "OPERATOR(pg_catalog.=)"}]', behind = ARRAY[oid]`,
  )
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done', error: null })
  await destination.query('UPDATE sampan.run SET copied_at = NULL, copy_ended_at = NULL')
  await source.query(`UPDATE tree SET note = 'again' WHERE id > 50`)
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done', error: null })
  const state = `SELECT count(*) AS rows, count(*) FILTER (WHERE note = 'again') AS again, count(*) FILTER (WHERE note = 'theirs') AS theirs FROM tree`
  expect(await destination.query(state)).toEqual([{ rows: '100', again: '50', theirs: '1' }])
  // A row of others below one of the run's is never taken along.
  await destination.query(
    `INSERT INTO tree VALUES (1000, 77, 'own'); UPDATE sampan.run SET copied_at = NULL, copy_ended_at = NULL`,
  )
  await source.query(`UPDATE tree SET note = 'once more' WHERE id = 3`)
  expect((await copyRound(event, 1)).results[0]).toMatchObject({ error: { code: 'DST_ROWS_REFERRED' } })
  expect(await destination.query(state)).toEqual([{ rows: '101', again: '50', theirs: '1' }])
})

test('a lane that waits for somebody who waits for it gives way, and copies the chunk once more', {
  tags: 'long',
}, async () => {
  const { destination, event, counts, rows } = await prepare()
  // Who looks for a deadlock first is its victim.
  await destination.query(`ALTER DATABASE "${destination.name}" SET deadlock_timeout = '3s'`)
  const owner = new pg.Client({ ...destination.connection, options: '-c deadlock_timeout=60s' })
  await owner.connect()
  try {
    await owner.query(`BEGIN; INSERT INTO plain VALUES (30000, 'theirs too')`)
    const copied = copyRound(event, 1)
    const waits = `SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`
    await expect
      .poll(async () => (await destination.query(waits))[0]?.waiting, { timeout: 20_000, interval: 50 })
      .toBe('1')
    await owner.query(`INSERT INTO plain VALUES (20, 'theirs as well') ON CONFLICT DO NOTHING`)
    await owner.query('COMMIT')
    const { results } = await copied
    expect(results).toMatchObject([{ error: { code: 'DST_SQL_40P01' } }])
  } finally {
    await owner.end()
  }
  // What a new start does.
  await destination.query('UPDATE sampan.run SET copied_at = NULL, copy_ended_at = NULL')
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done', error: null })
  expect(await rows()).toEqual([arrived])
  expect(await counts()).toMatchObject([{ inserted: '39995', equal: '2', different: '3' }])
  expect(await destination.query('SELECT note FROM plain WHERE id IN (20, 30000) ORDER BY id')).toEqual([
    { note: 'theirs as well' },
    { note: 'theirs too' },
  ])
})
