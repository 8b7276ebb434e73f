import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'
import { matchesTablePattern } from '../task/pattern.ts'
import type { RowFilter, TableName } from '../task/table-options.ts'

const TABLES = sqlFile(new URL('./sql/filterable-tables.sql', import.meta.url))

/** A table that a filter may be for. */
export interface FilterableTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly partitioned: boolean
  /** Oids of the partitioned tables above it. */
  readonly above: readonly number[]
  /** Oids of the tables whose columns it has by INHERITS, near and far. */
  readonly inherits: readonly number[]
}

/** The source's tables, by schema and name. */
export async function readFilterableTables(source: Session): Promise<readonly FilterableTable[]> {
  type Row = Omit<FilterableTable, 'above' | 'inherits'> & Record<'above' | 'inherits', readonly string[]>
  const rows = await source.rows<Row>(TABLES)
  return rows.map((row) => ({ ...row, above: row.above.map(Number), inherits: row.inherits.map(Number) }))
}

export function isNamedBy(
  { pattern }: Pick<TableName, 'pattern'>,
  { schema, name }: Pick<FilterableTable, 'schema' | 'name'>,
): boolean {
  return matchesTablePattern(pattern, schema, name)
}

/** The conditions of each table that has any: its own and those of the partitioned tables above it, each once, in the task's order. */
export function conditionsByTable(
  filters: readonly RowFilter[],
  tables: readonly FilterableTable[],
): ReadonlyMap<number, readonly string[]> {
  const byOid = new Map(tables.map((table) => [table.oid, table]))
  const found = tables.map(({ oid, above }): [number, readonly string[]] => {
    const line = [oid, ...above].flatMap((one) => byOid.get(one) ?? [])
    const own = filters.filter((filter) => line.some((table) => isNamedBy(filter, table)))
    return [oid, [...new Set(own.map(({ where }) => where))]]
  })
  return new Map(found.filter(([, conditions]) => conditions.length > 0))
}

/** All of them as one condition; null where there is none. Each may end in a comment. */
export function allOf(conditions: readonly string[]): string | null {
  const [only] = conditions
  if (only === undefined || conditions.length === 1) return only ?? null
  return conditions.map((condition) => `(${condition}\n)`).join(' AND ')
}

/**
 * The condition of a partitioned table that is read through its root: what is for some of its leaves alone does not ask the rows of
 * the others.
 */
export function conditionOfTree(
  leaves: readonly number[],
  byTable: ReadonlyMap<number, readonly string[]>,
): string | null {
  const conditions = [...new Set(leaves.flatMap((leaf) => byTable.get(leaf) ?? []))]
  return allOf(
    conditions.map((condition) => {
      const concerned = leaves.filter((leaf) => byTable.get(leaf)?.includes(condition))
      if (concerned.length === leaves.length) return condition
      const oids = `'{${concerned.join(',')}}'::pg_catalog.oid[]`
      return `tableoid OPERATOR(pg_catalog.<>) ALL (${oids}) OR (${condition}\n)`
    }),
  )
}
