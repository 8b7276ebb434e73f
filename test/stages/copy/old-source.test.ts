import { expect, test } from 'vitest'
import type { Chunk } from '../../../lambdas/core/ledger/chunks/chunk.ts'
import { readRelations } from '../../../lambdas/core/ledger/relations.ts'
import { OWN_PATH } from '../../../lambdas/core/postgres/search-path.ts'
import { cargoOf } from '../../../lambdas/core/rows/cargo.ts'
import { cutByPages } from '../../../lambdas/stages/copy/plan/chunking.ts'
import { cutKey, readKeys } from '../../../lambdas/stages/copy/plan/key-bounds.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { openSession, planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { relationOf } from '../../support/relations.ts'
import { createDatabase, oldestServer, sharedServer, type TestDatabase } from '../../support/servers.ts'

/** Keys of every kind that is cut by ranges, their rows in order, and tables that are not. */
const LANGUAGE = `CREATE COLLATION language (LC_COLLATE = 'C.UTF-8', LC_CTYPE = 'C.UTF-8');`

const TABLES = `
  CREATE TABLE by_bigint (id bigint PRIMARY KEY, filler text);
  CREATE TABLE by_int (id int PRIMARY KEY, filler text);
  CREATE TABLE by_uuid (id uuid PRIMARY KEY, filler text);
  CREATE TABLE by_text (id text PRIMARY KEY, filler text);
  CREATE TABLE by_language (id text COLLATE language PRIMARY KEY, filler text);
  CREATE TABLE by_date (id date PRIMARY KEY, filler text);
  CREATE TABLE by_stamp (id timestamptz PRIMARY KEY, filler text);
  CREATE TABLE by_pair (tenant int, part text, id bigint, filler text, PRIMARY KEY (tenant, part, id));
  CREATE TABLE shuffled (id bigint PRIMARY KEY, filler text);
  CREATE TABLE no_key (id int, filler text);
  CREATE TABLE large_no_key (id int, filler text);
  CREATE TABLE nullable (id int UNIQUE, filler text);
  CREATE TABLE gappy (id bigint PRIMARY KEY, filler text);`

const ROWS = 12_000
const fill = (table: string, key: string, order = 'g') =>
  `INSERT INTO ${table} SELECT ${key}, repeat(md5(g::text), 12) FROM generate_series(1, ${ROWS}) g ORDER BY ${order};`

const DATA = [
  fill('by_bigint', 'g::bigint * 3000000000'),
  fill('by_int', '-g'),
  fill('by_uuid', 'md5(g::text)::uuid', '1'),
  fill('by_text', `CASE g % 3 WHEN 0 THEN 'Ä''\\' WHEN 1 THEN 'z' ELSE 'B' END || md5(g::text)`, '1'),
  fill('by_language', 'md5(g::text)', '1'),
  fill('by_date', `'0001-01-01 BC'::date + g`),
  fill('by_stamp', `'2020-01-01'::timestamptz + g * interval '17 seconds'`),
  fill('by_pair', `g / 5000, CASE WHEN g % 5000 < 2500 THEN 'a' ELSE 'b' END, g`),
  fill('shuffled', 'g', 'md5(g::text)'),
  fill('no_key', 'g % 10'),
  // More than sixteen chunks.
  `INSERT INTO large_no_key SELECT g, repeat(md5(g::text), 50) FROM generate_series(1, ${ROWS}) g;`,
  fill('nullable', 'NULLIF(g, 5)'),
  // All but a few keys lie together at one end: an even cut would put nearly all rows into one chunk.
  fill('gappy', 'CASE WHEN g <= 5 THEN g ELSE 1000000000000 + g END'),
  `DELETE FROM no_key WHERE ctid IN (SELECT ctid FROM no_key LIMIT 3000); UPDATE no_key SET filler = 'new' WHERE id = 3;`,
].join('\n')

const hash = (table: string) => `SELECT count(*) AS rows, md5(string_agg(h, ',' ORDER BY h)) AS hash
  FROM (SELECT md5(t::text) AS h FROM ${table} t) rows`

async function planned(analyze: boolean) {
  const source = await createDatabase(await oldestServer(), LANGUAGE + TABLES + DATA + (analyze ? 'ANALYZE;' : ''))
  const destination = await createDatabase(sharedServer(18), LANGUAGE + TABLES)
  const event = stepEvent(source, destination, { chunkMegabytes: 1 })
  await planRelations(source, destination, event)
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  return { source, destination, event }
}

function planOf(destination: TestDatabase) {
  return destination.query(`SELECT r.name, min(c.kind) AS kind, count(*) AS chunks, r.cut_reason AS reason
    FROM sampan.relation r JOIN sampan.chunk c ON c.relation = r.oid GROUP BY r.name, r.cut_reason ORDER BY r.name`)
}

test('a table of PostgreSQL 10 is cut by its key where rows lie in its order, else by its pages, and arrives whole', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source, destination, event } = await planned(true)
  const plan = await planOf(destination)
  const kinds = new Map(plan.map(({ name, kind }) => [name, kind]))
  for (const name of ['by_bigint', 'by_int', 'by_uuid', 'by_text', 'by_date', 'by_stamp', 'by_pair', 'gappy']) {
    expect(`${name} ${kinds.get(name)}`).toBe(`${name} key`)
  }
  for (const name of ['by_language', 'shuffled', 'no_key', 'nullable', 'large_no_key']) {
    expect(`${name} ${kinds.get(name)}`).toBe(`${name} tid`)
    const reason = plan.find((table) => table.name === name)?.reason
    expect(reason, name).toMatch(name === 'large_no_key' ? /^arrays of TIDs: / : /^ranges of pages, a scan each: /)
  }
  expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
  for (const { name } of plan) {
    expect(await destination.query(hash(name ?? '')), name ?? '').toEqual(await source.query(hash(name ?? '')))
  }
  // About equal chunks, also where the key has gaps.
  const sizes = await destination.query(`SELECT r.name, max(c.rows) AS most, count(*) AS chunks
    FROM sampan.chunk c JOIN sampan.relation r ON r.oid = c.relation WHERE c.kind = 'key' GROUP BY r.name`)
  for (const { name, most, chunks } of sizes) {
    expect(Number(most), name ?? '').toBeLessThan((2.2 * ROWS) / Number(chunks))
  }
})

test('without fresh statistics a key is cut by a sample, on servers before 9.5 by pages of our own choice', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source } = await planned(true)
  // Grown since it was analyzed: the histogram knows nothing of the upper half.
  await source.query(`INSERT INTO by_bigint SELECT g::bigint * 3000000000, repeat('y', 380)
    FROM generate_series(${ROWS + 1}, ${2 * ROWS}) g`)
  const session = await openSession(source, 'source')
  try {
    const [table] = await session.rows<{ oid: number; bytes: number; pages: number }>(
      `SELECT oid, pg_table_size(oid)::float8 AS bytes, (pg_relation_size(oid) / 8192)::float8 AS pages
         FROM pg_class WHERE relname = 'by_bigint'`,
    )
    if (table === undefined) throw new Error('no table')
    const relation = { ...RELATION, ...table }
    const key = (await readKeys(session, [table.oid])).get(table.oid)
    if (key === undefined) throw new Error('no key')
    for (const serverVersion of [100_023, 90_426]) {
      const cut = await cutKey({ ...session, serverVersion }, relation, key, 6)
      expect(cut.from).toBe('sample')
      expect(cut.bounds).toHaveLength(5)
      const numbers = cut.bounds.map(([bound]) => Number(bound) / 3000000000)
      for (const [index, number] of numbers.entries()) {
        expect(Math.abs(number - ((index + 1) * 2 * ROWS) / 6)).toBeLessThan(ROWS / 3)
      }
    }
  } finally {
    await session.close()
  }
})

test('a range of the key and an array of TIDs are read without a scan of the whole table, a few ranges of pages with one each', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const { source, event, destination } = await planned(true)
  const ledger = await openSession(destination, 'destination')
  const relations = await readRelations(ledger, event.run.id)
  const chunks = await ledger.rows<Chunk>(
    `SELECT id, relation, kind, lower, upper, key_column AS "keyColumn", bytes::float8 AS bytes FROM sampan.chunk`,
  )
  await ledger.close()
  const session = await openSession(source, 'source')
  try {
    const servers = { ...SERVERS, sourceVersion: session.serverVersion }
    for (const name of ['by_bigint', 'by_pair', 'by_text', 'shuffled', 'large_no_key']) {
      const relation = relations.find((candidate) => candidate.source.name === name)
      const chunk = chunks.find(
        ({ relation: oid, lower, upper }) => oid === relation?.oid && lower !== null && upper !== null,
      )
      if (relation === undefined || chunk === undefined) throw new Error(`no chunk of ${name}`)
      const select = /\bCOPY \((.*)\) TO STDOUT/s.exec(cargoOf(relation, chunk, servers).copyOut)?.[1]
      const plan = await session.rows<{ 'QUERY PLAN': string }>(`EXPLAIN ${select}`)
      const text = plan.map((line) => line['QUERY PLAN']).join('\n')
      const scan = { shuffled: /^Seq Scan/, large_no_key: /^Tid Scan/ }[name]
      expect(text, name).toMatch(scan ?? /^(Index Scan|Bitmap Heap Scan)/)
    }
  } finally {
    await session.close()
  }
})

const SERVERS = {
  sourceEncoding: 'UTF8',
  destinationEncoding: 'UTF8',
  modernDigest: false,
  digests: true,
  searchPath: OWN_PATH,
}

const RELATION = relationOf({ oid: 0, hasKey: true, source: { name: 'by_bigint', columns: [] } })

test('every row is in exactly one range of pages, however they are read, also of a tree whose root has no pages', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const source = await createDatabase(
    await oldestServer(),
    `CREATE TABLE tree (id int, filler text) PARTITION BY RANGE ((id + 0));
     CREATE TABLE long PARTITION OF tree FOR VALUES FROM (0) TO (1000) PARTITION BY RANGE (id);
     CREATE TABLE longest PARTITION OF long FOR VALUES FROM (0) TO (1000);
     CREATE TABLE short PARTITION OF tree FOR VALUES FROM (1000) TO (2000);
     INSERT INTO tree SELECT g, repeat('x', 380) FROM generate_series(500, 1019) g;
     CREATE TABLE plain AS SELECT * FROM tree;`,
  )
  const session = await openSession(source, 'source')
  const counted = async (sql: string) => (await session.rows<{ count: number }>(sql))[0]?.count
  try {
    for (const [name, tree, chunkBytes] of [
      ['tree', true, 64],
      ['plain', false, 64],
      ['tree', true, 400],
    ] as const) {
      const end = { name, tree, columns: ['id', 'filler'], digestSql: '0::bigint' }
      // As large as it must be to be read by arrays; and a small one of few chunks, by scans.
      const bytes = chunkBytes === 64 ? 2 * 1024 ** 3 : 1024
      const relation = relationOf({ bytes, pages: 20, source: end, destination: end })
      const servers = { ...SERVERS, sourceVersion: session.serverVersion }
      const chunks = cutByPages(relation, { chunkBytes: chunkBytes === 64 ? bytes / 64 : chunkBytes, ...servers })
      let rows = 0
      for (const chunk of chunks) {
        const cargo = cargoOf(relation, { ...chunk }, servers)
        const select = /\bCOPY \((.*)\) TO STDOUT/s.exec(cargo.copyOut)?.[1]
        const copied = await counted(`SELECT count(*)::int AS count FROM (${select}) chunk`)
        const digest = /SELECT pg_catalog.count.*?(?=; SET)/s.exec(cargo.digest ?? '')?.[0]
        expect(await counted(digest?.replace('count(*)::text', 'count(*)::int AS count') ?? '')).toBe(copied)
        rows += copied ?? 0
      }
      expect([name, chunks.length, rows]).toEqual([name, chunkBytes === 64 ? 20 : 3, 520])
    }
  } finally {
    await session.close()
  }
})

test.each([15, 18] as const)(
  'a table that is not a heap is cut by ranges of its key (%i)',
  { tags: 'long', timeout: 60_000 },
  async (major) => {
    const ddl = `CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler;
    CREATE TABLE keyed (id uuid PRIMARY KEY, filler text) USING other; CREATE TABLE keyless (id int, filler text) USING other;`
    const source = await createDatabase(
      sharedServer(major),
      ddl + fill('keyed', 'md5(g::text)::uuid') + fill('keyless', 'g'),
    )
    const destination = await createDatabase(sharedServer(18), ddl)
    const event = stepEvent(source, destination, { chunkMegabytes: 1 })
    await planRelations(source, destination, event)
    expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
    const plan = await planOf(destination)
    expect(plan.map(({ name, kind }) => [name, kind])).toEqual([
      ['keyed', 'key'],
      ['keyless', 'whole'],
    ])
    expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
    for (const table of ['keyed', 'keyless']) {
      expect(await destination.query(hash(table)), table).toEqual(await source.query(hash(table)))
    }
  },
)
