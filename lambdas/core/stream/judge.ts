import type { Session } from '../postgres/connect.ts'
import { quoteQualified } from '../postgres/identifiers.ts'

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
  /** Of the primary key; `null` where there is none. */
  readonly immediate: boolean | null
  readonly generated: boolean
}

/** Why a table cannot be followed, and what would help. */
export interface Obstacle {
  readonly table: string
  readonly why: string
}

const tablesSql = (version: number) => `
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence,
         c.relreplident::text AS identity, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
         EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.deptype = 'e') AS "ofExtension",
         (SELECT i.indimmediate AND i.indisvalid FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS immediate,
         ${
           version >= 120_000
             ? `EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
                  WHERE i.indrelid = c.oid AND i.indisprimary AND a.attgenerated <> '')`
             : 'false'
         } AS generated
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = ANY ($1::oid[]) ORDER BY n.nspname, c.relname`

/**
 * Which tables cannot be followed as they are. A published table without a usable key makes the source's own UPDATE and DELETE
 * fail, so this is asked before anything is published, and again under the lock that publishing takes.
 * @param oids tables of the source with rows of their own
 */
export async function obstaclesOf(source: Session, oids: readonly number[]): Promise<readonly Obstacle[]> {
  const tables = await source.rows<TableFacts>(tablesSql(source.serverVersion), [oids])
  const gone = oids.length - tables.length
  return [
    ...tables.flatMap((table) => {
      const why = whyNot(table)
      return why === null
        ? []
        : [{ table: `${table.schema}.${table.name}`, why: why(quoteQualified(table.schema, table.name)) }]
    }),
    ...(gone === 0 ? [] : [{ table: `${gone} tables`, why: 'dropped since they were planned: start the task again' }]),
  ]
}

function whyNot(table: TableFacts): ((quoted: string) => string) | null {
  if (table.kind !== 'r') return () => 'a partitioned table whose rows travel through it as a whole'
  if (table.ofExtension) return () => 'a table of an extension'
  if (table.persistence !== 'p')
    return (quoted) => `an unlogged table, which is not in the WAL: ALTER TABLE ${quoted} SET LOGGED, or exclude it`
  if (table.immediate === null) return () => 'no primary key: add one, or exclude the table'
  if (!table.immediate)
    return () => 'its primary key is DEFERRABLE, which cannot tell one row from another: add it again without'
  if (table.generated)
    return () => 'a column of its primary key is generated, and generated columns are not in the stream'
  if (table.identity !== 'd' && table.identity !== 'f')
    return (quoted) => `its replica identity is not the primary key: ALTER TABLE ${quoted} REPLICA IDENTITY DEFAULT`
  if (!table.owned) return () => 'the source account is not a member of its owner, and only owners publish a table'
  return null
}
