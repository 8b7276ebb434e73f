import { allOf, conditionOfTree, type FilterableTable } from '../../../core/filter/filtered.ts'
import { quoteIdentifier, quoteQualified } from '../../../core/postgres/identifiers.ts'
import type { CheckContext } from '../context.ts'

/** A foreign key that holds on the source, with its columns in pairs. */
export interface ForeignKey {
  readonly name: string
  readonly child: number
  readonly parent: number
  readonly columns: readonly string[]
  readonly parentColumns: readonly string[]
  /** By which a parent's column is compared with a child's: `schema.operator`, as SQL. */
  readonly operators: readonly string[]
}

const KEYS = `
  SELECT k.conname::text AS name, k.conrelid AS child, k.confrelid AS parent, pairs.*
    FROM pg_catalog.pg_constraint AS k
   CROSS JOIN LATERAL (
     SELECT pg_catalog.array_agg(a.attname::text ORDER BY u.place) AS columns,
            pg_catalog.array_agg(pa.attname::text ORDER BY u.place) AS "parentColumns",
            pg_catalog.array_agg(pg_catalog.format('%I.%s', n.nspname, o.oprname) ORDER BY u.place) AS operators
       FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop))
            WITH ORDINALITY AS u(own, theirs, operator, place)
       JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.own
       JOIN pg_catalog.pg_attribute AS pa ON pa.attrelid = k.confrelid AND pa.attnum = u.theirs
       JOIN pg_catalog.pg_operator AS o ON o.oid = u.operator JOIN pg_catalog.pg_namespace AS n ON n.oid = o.oprnamespace) AS pairs
   -- Those of partitions are their root's (11 and later), and what is not validated is not checked on the destination either.
   WHERE k.contype = 'f' AND k.convalidated AND COALESCE((pg_catalog.row_to_json(k) ->> 'conparentid')::pg_catalog.oid, 0) = 0
     AND COALESCE((pg_catalog.row_to_json(k) ->> 'conenforced')::pg_catalog.bool, true)
     AND COALESCE((pg_catalog.row_to_json(k) ->> 'conperiod')::pg_catalog.bool, false) = false
   ORDER BY k.conrelid::pg_catalog.regclass::text, k.conname`

/** Keys of periods (18) are no keys of equal values: of these nothing is foretold. */
export function readForeignKeys({ source }: CheckContext): Promise<ForeignKey[]> {
  return source.rows<ForeignKey>(KEYS)
}

/**
 * Counts the rows that come and refer to one that does not, as a query of one row.
 * @returns null where no filter is upon the parent: all of its rows come
 */
export function countOrphans(
  { columns, parentColumns, operators }: ForeignKey,
  { child, parent }: { readonly child: FilterableTable; readonly parent: FilterableTable },
  tables: readonly FilterableTable[],
  byTable: ReadonlyMap<number, readonly string[]>,
): string | null {
  const kept = conditionOf(parent, tables, byTable)
  if (kept === null) return null
  const places = columns.map((_, place) => `k${place}`)
  const filled = places.map((place) => `child.${place} IS NOT NULL`)
  const equal = places.map((place, at) => `parent.${place} OPERATOR(${operators[at]}) child.${place}`)
  return `SELECT pg_catalog.count(*)::pg_catalog.float8 AS rows
    FROM (${rowsOf(child, columns, conditionOf(child, tables, byTable))}) AS child
   WHERE ${filled.join(' AND ')}
     AND NOT EXISTS (SELECT 1 FROM (${rowsOf(parent, parentColumns, kept)}) AS parent WHERE ${equal.join(' AND ')})`
}

function rowsOf(table: FilterableTable, columns: readonly string[], where: string | null): string {
  const named = columns.map((column, place) => `${quoteIdentifier(column)} AS k${place}`).join(', ')
  const from = `${table.partitioned ? '' : 'ONLY '}${quoteQualified(table.schema, table.name)}`
  return `SELECT ${named} FROM ${from}${where === null ? '' : ` WHERE (${where}\n)`}`
}

function conditionOf(
  table: FilterableTable,
  tables: readonly FilterableTable[],
  byTable: ReadonlyMap<number, readonly string[]>,
): string | null {
  if (!table.partitioned) return allOf(byTable.get(table.oid) ?? [])
  const leaves = tables.filter(({ above, partitioned }) => !partitioned && above.includes(table.oid))
  return conditionOfTree(
    leaves.map(({ oid }) => oid),
    byTable,
  )
}
