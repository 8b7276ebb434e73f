import type { Client } from 'pg'
import { isUserSchema, pinSession } from './session.ts'

export interface RowHash {
  readonly rows: string
  /** md5 over the sorted md5s of all rows: blind to order, not to how often a row is there. */
  readonly digest: string
}

/**
 * One column's value for the hash: what its output function prints, after its length. Not a cast to text, which a user may
 * have redefined; not the text of a whole row, whose quoting is a matter of versions.
 */
const printed = `CASE num_nulls(t.%1$I) WHEN 1 THEN 'null' ELSE octet_length(format('%%s', t.%1$I)) || ':' || format('%%s', t.%1$I) END`

/**
 * Hashes the rows of every table, columns by name. A partitioned table counts as one, with all below it, because a row may
 * rightly sit in another hash partition on another server; inheritance children count alone. Materialized views that hold
 * data are hashed too.
 * @param floatDigits extra_float_digits: 0 is the only form that servers before and from 12 share
 */
export async function rowHashes(client: Client, floatDigits = '1'): Promise<ReadonlyMap<string, RowHash>> {
  await pinSession(client)
  await client.query(`SET extra_float_digits = ${floatDigits}`)
  const tables = await client.query<{ name: string; sql: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name,
      format('SELECT count(*)::text AS rows, coalesce(md5(string_agg(h, '','' ORDER BY h COLLATE "C")), ''none'') AS digest FROM (SELECT md5(array_to_string(ARRAY[%s]::text[], '','')) AS h FROM %s %I.%I t) hashed',
        (SELECT string_agg(format(${quoted(printed)}, attname), ', ' ORDER BY attname) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
        CASE c.relkind WHEN 'r' THEN 'ONLY' ELSE '' END, n.nspname, c.relname) AS sql
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE ${isUserSchema('n.oid')} AND NOT c.relispartition AND (c.relkind IN ('r', 'p') OR (c.relkind = 'm' AND c.relispopulated))
    ORDER BY 1`)
  const hashes = new Map<string, RowHash>()
  for (const { name, sql } of tables.rows) {
    const { rows } = await client.query<RowHash>(sql).catch((error: unknown) => underAllSchemas(client, sql, error))
    if (rows[0] !== undefined) hashes.set(name, rows[0])
  }
  return hashes
}

/** Planning a read opens the SQL functions of the table's indexes, which may name their helpers without a schema. */
async function underAllSchemas(client: Client, sql: string, error: unknown) {
  if (!/^(42883|42704)$/.test((error as { code?: string }).code ?? '')) throw error
  await client.query(`SELECT set_config('search_path', 'pg_catalog, ' || string_agg(quote_ident(nspname), ', '), false)
    FROM pg_namespace n WHERE ${isUserSchema('n.oid')}`)
  const answer = await client.query<RowHash>(sql)
  await client.query(`SET search_path = ''`)
  return answer
}

/** The md5 of every large object, by its id. */
export async function largeObjectHashes(client: Client): Promise<ReadonlyMap<string, string>> {
  await pinSession(client)
  const { rows } = await client.query<{ id: string; digest: string }>(
    `SELECT oid::text AS id, md5(lo_get(oid)) || ' ' || length(lo_get(oid)) AS digest FROM pg_largeobject_metadata`,
  )
  return new Map(rows.map(({ id, digest }) => [id, digest]))
}

/** What every sequence would give next, as `last_value, is_called`. */
export async function sequenceValues(client: Client): Promise<ReadonlyMap<string, string>> {
  await pinSession(client)
  const sequences = await client.query<{ name: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND ${isUserSchema('n.oid')} ORDER BY 1`)
  const values = new Map<string, string>()
  for (const { name } of sequences.rows) {
    const { rows } = await client.query<{ value: string }>(
      `SELECT last_value || ', ' || is_called AS value FROM ${name}`,
    )
    values.set(name, rows[0]?.value ?? 'unreadable')
  }
  return values
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
