import type { Session } from '../postgres/connect.ts'
import { quoteQualified } from '../postgres/identifiers.ts'
import type { IdentityChange } from './identities.ts'

/** The oldest source whose stream tells of TRUNCATE. */
export const TRUNCATE_STREAMED = 110_000

/** A table of the source, as far as following it depends on it. */
interface TableFacts {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: string
  readonly persistence: string
  readonly identity: string
  readonly owned: boolean
  readonly ofExtension: boolean
  readonly columns: number
  /** The key by which its identity tells rows from each other as it is; `null` where it tells none. */
  readonly key: boolean
  /** The best that it could tell them by: an index of usable columns, the primary key first. */
  readonly best: { readonly index: string; readonly primary: boolean } | null
}

/** Why a table cannot be followed, and what would help. */
export interface Obstacle {
  readonly table: string
  readonly why: string
}

/** What stands in the way of following tables, and what has to be changed on them for as long as they are followed. */
export interface Judgement {
  readonly obstacles: readonly Obstacle[]
  readonly changes: readonly IdentityChange[]
}

/**
 * Indexes of a table `c` whose columns tell every row from every other at any time, as a replica identity has to: of the stream's own
 * columns, where generated ones are not.
 */
export const usableIndexes = (version: number) => `
  pg_catalog.pg_index i
  WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate
    AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (SELECT FROM pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(number, place)
                      JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
                     WHERE k.place <= i.indnkeyatts AND (NOT a.attnotnull ${version >= 120_000 ? `OR a.attgenerated <> ''` : ''}))`

/** Of these, the one that the table's identity goes by. Whole rows have the values of any. */
export const IN_IDENTITY = `CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE c.relreplident = 'f' END`

/** The best first: always the same one. */
export const BEST_FIRST = 'i.indisprimary DESC, i.indnkeyatts, i.indexrelid'

const tablesSql = (version: number) => `
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence,
         c.relreplident::text AS identity, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
         EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.deptype = 'e') AS "ofExtension",
         (SELECT count(*) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             ${version >= 120_000 ? `AND a.attgenerated = ''` : ''})::integer AS columns,
         EXISTS (SELECT FROM ${usableIndexes(version)} AND ${IN_IDENTITY}) AS key,
         (SELECT pg_catalog.jsonb_build_object('index', x.relname, 'primary', b.indisprimary)
            FROM (SELECT i.indexrelid, i.indisprimary FROM ${usableIndexes(version)} ORDER BY ${BEST_FIRST} LIMIT 1) b
            JOIN pg_catalog.pg_class x ON x.oid = b.indexrelid) AS best
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = ANY ($1::oid[]) ORDER BY n.nspname, c.relname`

/**
 * Which tables cannot be followed as they are, and which need another replica identity. A published table without a usable one makes the
 * source's own UPDATE and DELETE fail, so this is asked before anything is published, and again under the lock that publishing takes.
 * @param oids tables of the source with rows of their own
 */
export async function judgeTables(source: Session, oids: readonly number[]): Promise<Judgement> {
  const tables = await source.rows<TableFacts>(tablesSql(source.serverVersion), [oids])
  const gone = oids.length - tables.length
  const judged = tables.map((table) => [table, whyNot(table)] as const)
  return {
    obstacles: [
      ...judged.flatMap(([{ schema, name }, why]) =>
        why === null ? [] : [{ table: `${schema}.${name}`, why: why(quoteQualified(schema, name)) }],
      ),
      ...(gone === 0
        ? []
        : [{ table: `${gone} tables`, why: 'dropped since they were planned: start the task again' }]),
    ],
    changes: judged.flatMap(([table, why]) => (why === null ? changeOf(table) : [])),
  }
}

function whyNot(table: TableFacts): ((quoted: string) => string) | null {
  if (table.kind !== 'r') return () => 'a partitioned table whose rows travel through it as a whole'
  if (table.ofExtension) return () => 'a table of an extension'
  if (table.persistence !== 'p')
    return (quoted) => `an unlogged table, which is not in the WAL: ALTER TABLE ${quoted} SET LOGGED, or exclude it`
  if (table.columns === 0) return () => 'it has no column that is in the stream: exclude it'
  if (table.identity === 'i' && !table.key)
    return (quoted) =>
      `its replica identity is an index that is gone, or has a generated column: ALTER TABLE ${quoted} REPLICA IDENTITY DEFAULT`
  if (!table.owned) return () => 'the source account is not a member of its owner, and only owners publish a table'
  return null
}

/** What its identity has to be, and is not: the primary key, or else another key, or else whole rows. */
function changeOf({ oid, schema, name, identity, key, best }: TableFacts): readonly IdentityChange[] {
  if (key || identity === 'f' || (identity !== 'd' && identity !== 'n')) return []
  const to = best === null ? 'f' : best.primary ? 'd' : 'i'
  return [{ oid, schema, name, from: identity, to, index: to === 'i' ? (best?.index ?? null) : null }]
}
