import type { PlannedRelation } from '../../../core/ledger/objects/planned.ts'
import type { ColumnOrder } from '../../../core/postgres/column-order.ts'
import { listed } from '../../../core/present/listed.ts'
import { SampanError } from '../../../core/runtime/errors.ts'

/**
 * Rows inside of columns travel by position. Whatever the precheck saw: a parent may have got a column since.
 * @throws SampanError `ROW_TYPE_ORDER`, where values would arrive in other columns
 */
export function requireRowTypeOrder(
  relations: readonly Pick<PlannedRelation, 'oid'>[],
  { holders, reordered }: ColumnOrder,
): void {
  const copied = new Set(relations.map(({ oid }) => oid))
  const swapped = holders.filter(({ oid }) => copied.has(oid))
  if (swapped.length === 0) return
  const lines = swapped.map(({ schema, name, column, child }) => {
    const table = reordered.get(child)
    return `${schema}.${name}.${column} holds rows of ${table?.schema}.${table?.name}`
  })
  throw new SampanError({
    code: 'ROW_TYPE_ORDER',
    message: `values would be swapped, because the destination has the columns in another order: ${listed(lines, { between: '; ' })}`,
    remedy:
      'rebuild the child on the source so that its inherited columns come first, or exclude the tables that hold them, then start again; what this run has planned before asks for another name and an emptied destination when it is to exclude more',
  })
}
