import type { Client } from 'pg'
import type { TestDatabase } from '../../support/servers.ts'

/** The forms of the twenty tables, in turn: their keys are of every kind that matters to how a table is cut and named. */
const FORMS = [
  {
    key: 'id',
    columns: 'id int PRIMARY KEY, a text, b numeric, c timestamptz',
    row: 'n, md5(n::text), n * 1.5, now_of(n)',
  },
  {
    key: 'id',
    columns: 'id bigint, a text, b numeric, c timestamptz, PRIMARY KEY (id) INCLUDE (b)',
    row: 'n::bigint * 1000003, md5(n::text), n, now_of(n)',
  },
  {
    key: 'part, id',
    columns: 'a text, part text, b numeric, id int, c timestamptz, PRIMARY KEY (part, id)',
    row: `md5(n::text), 'part ' || n % 7, n, n, now_of(n)`,
  },
  {
    key: 'id',
    columns: 'id uuid PRIMARY KEY, a text, b numeric, c timestamptz',
    row: 'md5(n::text)::uuid, md5(n::text), n, now_of(n)',
  },
  { key: '', columns: 'a text, b numeric, c timestamptz', row: 'md5((n / 3)::text), n / 3, now_of(n / 3)' },
] as const

/** Rows enough to be read in several ranges of 1 MB. */
const LARGE = 30_000
const SMALL = 300

const tableName = (number: number) => (number % 6 === 5 ? `"Table ${number}"` : `t${number}`)

/** SQL that makes twenty tables with rows, the same wherever it is run. */
export const TABLES = [
  `CREATE FUNCTION now_of(n int) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT timestamptz '2026-01-01 00:00+00' + n * interval '1 hour' $$`,
  ...Array.from({ length: 20 }, (_, number) => {
    const { columns, row } = FORMS[number % FORMS.length] ?? FORMS[0]
    const partitioned = number === 7 || number === 12
    const name = tableName(number)
    const hash = partitioned ? `PARTITION BY HASH (${number === 7 ? 'part, id' : 'id'})` : ''
    const parts = [0, 1].map(
      (part) => `CREATE TABLE p${number}_${part} PARTITION OF ${name} FOR VALUES WITH (MODULUS 2, REMAINDER ${part})`,
    )
    const count = number === 0 || number === 1 || number === 4 ? LARGE : SMALL
    return [
      `CREATE TABLE ${name} (${columns}) ${number === 12 ? '' : hash}`,
      ...(number === 7 ? parts : []),
      `INSERT INTO ${name} SELECT ${row} FROM generate_series(1, ${count}) n`,
    ].join(';\n')
  }),
  'ANALYZE',
].join(';\n')

/** Numbers from 0 to 1, the same for a seed each time. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Changes, deletes, duplicates, swaps and empties rows of twenty tables, at random places. */
export async function scramble(database: TestDatabase, seed: number): Promise<void> {
  const random = randomOf(seed)
  const client = await database.connect()
  for (let number = 0; number < 20; number += 1) {
    const name = tableName(number)
    const { key } = FORMS[number % FORMS.length] ?? FORMS[0]
    const rows = Number((await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${name}`)).rows[0]?.n)
    // One row, wherever it lies: partitions have places of their own.
    const at = () =>
      `(tableoid, ctid) = (SELECT tableoid, ctid FROM ${name} ORDER BY md5(b::text || '${seed}') , tableoid, ctid OFFSET ${Math.floor(random() * rows * 0.9)} LIMIT 1)`
    for (let change = 0; change < 1 + Math.floor(random() * 5); change += 1) {
      const which = Math.floor(random() * 5)
      if (which === 0) await client.query(`UPDATE ${name} SET a = a || '!' WHERE ${at()}`)
      if (which === 1) await client.query(`DELETE FROM ${name} WHERE ${at()}`)
      if (which === 2) await duplicate(client, name, key, at(), change)
      if (which === 3) await swap(client, name, at(), at())
      if (which === 4) await client.query(`UPDATE ${name} SET a = NULL, c = NULL WHERE ${at()}`)
    }
  }
}

/** A row once more; where there is a key, under another one. */
async function duplicate(client: Client, name: string, key: string, where: string, change: number): Promise<void> {
  const { rows } = await client.query<{ names: string }>(
    `SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS names FROM pg_attribute WHERE attrelid = '${name}'::regclass AND attnum > 0`,
  )
  const names = rows[0]?.names ?? ''
  const type = await client.query<{ type: string }>(
    `SELECT format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = '${name}'::regclass AND attname = 'id'`,
  )
  const other = type.rows[0]?.type === 'uuid' ? 'gen_random_uuid()' : `-(id + ${change})`
  const values = key === '' ? names : names.replace(/\bid\b/, other)
  await client.query(
    `INSERT INTO ${name} (${names}) SELECT ${values} FROM ${name} WHERE ${where} ON CONFLICT DO NOTHING`,
  )
}

/** Each of two rows gets what the other one holds. */
async function swap(client: Client, name: string, one: string, other: string): Promise<void> {
  await client.query(
    `WITH pair AS (SELECT tableoid AS o, ctid AS t, a, b, row_number() OVER (ORDER BY tableoid, ctid) AS number FROM ${name} WHERE ${one} OR ${other})
     UPDATE ${name} x SET a = theirs.a, b = theirs.b FROM pair mine JOIN pair theirs ON theirs.number <> mine.number
      WHERE (x.tableoid, x.ctid) = (mine.o, mine.t)`,
  )
}

/** What really differs, by SQL and a multiset of its own: `table: kind key`, sorted. Of tables without a key, kind and row. */
export async function trueDifferences(source: TestDatabase, destination: TestDatabase): Promise<readonly string[]> {
  const found: string[] = []
  for (let number = 0; number < 20; number += 1) {
    const name = tableName(number)
    const { key } = FORMS[number % FORMS.length] ?? FORMS[0]
    const sql = `SELECT ${
      key === ''
        ? `md5(t::text)`
        : `jsonb_build_object(${key
            .split(', ')
            .map((column) => `'${column}', ${column}::text`)
            .join(', ')})::text`
    } AS key, md5(t::text) AS row FROM ${name} t`
    const [here, there] = await Promise.all([source.query(sql), destination.query(sql)])
    const counts = new Map<string, { left: string[]; right: string[] }>()
    const of = (at: string) => {
      const both = counts.get(at) ?? { left: [], right: [] }
      counts.set(at, both)
      return both
    }
    for (const { key: at, row } of here) of(at ?? '').left.push(row ?? '')
    for (const { key: at, row } of there) of(at ?? '').right.push(row ?? '')
    for (const [at, { left, right }] of counts) {
      if (key !== '') {
        if (left[0] === right[0]) continue
        found.push(`${name}: ${left.length === 0 ? 'surplus' : right.length === 0 ? 'missing' : 'different'} ${at}`)
      } else {
        for (let more = right.length; more < left.length; more += 1) found.push(`${name}: missing`)
        for (let more = left.length; more < right.length; more += 1) found.push(`${name}: surplus`)
      }
    }
  }
  return found.toSorted()
}
