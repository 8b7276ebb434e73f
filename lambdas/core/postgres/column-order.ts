import type { Session } from './connect.ts'
import { sqlFile } from './sql-file.ts'

const INHERITING_TABLES = sqlFile(new URL('./sql/inheriting-tables.sql', import.meta.url))
const ROW_TYPE_HOLDERS = sqlFile(new URL('./sql/row-type-holders.sql', import.meta.url))

/** A table that inherits, or is inherited from. */
export interface InheritingTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** oids, in the order in which it inherits. */
  readonly parents: readonly number[]
  /** As the source has them. */
  readonly columns: readonly string[]
}

/** A table whose columns the destination has in another order. */
export type ReorderedTable = Omit<InheritingTable, 'parents'>

/** A column that holds rows of such a table. */
export interface RowTypeHolder {
  /** Of the table that has the column. */
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly column: string
  /** oid of the table whose rows it holds. */
  readonly child: number
}

export interface ColumnOrder {
  /** With their columns as the destination has them. */
  readonly reordered: ReadonlyMap<number, ReorderedTable>
  /** Values of a row type travel by position: in the other order they would be others. */
  readonly holders: readonly RowTypeHolder[]
}

/** Which tables get another order of columns, and which columns hold their rows. One question where there are none. */
export async function readColumnOrder(source: Session): Promise<ColumnOrder> {
  const rows = await source.rows<Omit<InheritingTable, 'parents'> & { parents: string[] }>(INHERITING_TABLES)
  const reordered = reorderedTables(rows.map((row) => ({ ...row, parents: row.parents.map(Number) })))
  const oids = reordered.map(({ oid }) => oid)
  const holders = oids.length === 0 ? [] : await source.rows<RowTypeHolder>(ROW_TYPE_HOLDERS, [oids])
  return { reordered: new Map(reordered.map((table) => [table.oid, table])), holders }
}

/**
 * pg_dump makes a child by CREATE TABLE … INHERITS: what the parents have comes first, in their order, then its own. On the source
 * a column that was added to a parent later, or a parent that was added later, has left another order. Pure.
 */
function reorderedTables(tables: readonly InheritingTable[]): readonly ReorderedTable[] {
  const byOid = new Map(tables.map((table) => [table.oid, table]))
  const known = new Map<number, readonly string[]>()
  const orderOf = (oid: number): readonly string[] => {
    const table = byOid.get(oid)
    if (table === undefined) return []
    const order = known.get(oid) ?? [...new Set([...table.parents.flatMap(orderOf), ...table.columns])]
    known.set(oid, order)
    return order
  }
  return tables.flatMap(({ oid, schema, name, columns }) => {
    const order = orderOf(oid)
    return order.some((column, index) => column !== columns[index]) ? [{ oid, schema, name, columns: order }] : []
  })
}
