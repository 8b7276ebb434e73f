import { isNamedBy } from '../../../core/filter/filtered.ts'
import { judgeFilter } from '../../../core/filter/judge.ts'
import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { RowFilter } from '../../../core/task/table-options.ts'

/**
 * Every filter is judged once more on the tables that the plan copies: since the precheck a column or a function may be another one.
 * @param source with no transaction open
 * @throws SampanError `FILTER_INVALID`
 */
export async function requireValidFilters(
  source: Session,
  filters: readonly RowFilter[],
  objects: readonly PlannedObject[],
  path: SearchPath,
): Promise<void> {
  for (const filter of filters) {
    for (const { kind, schema, name, status } of objects) {
      if (kind !== 'TABLE' || status !== 'pending' || schema === null || !isNamedBy(filter, { schema, name })) continue
      const refusal = await judgeFilter(source, { schema, name }, filter.where, path)
      if (refusal !== null) throw invalid(filter, `${schema}.${name}`, refusal)
    }
  }
}

function invalid({ name, where }: RowFilter, table: string, refusal: string): SampanError {
  return new SampanError({
    code: 'FILTER_INVALID',
    message: `the filter of ${name === table ? table : `${table} (${name})`} cannot be used: ${refusal}; it is: ${where}`,
    remedy:
      'nothing was written: mend the condition in the task; it is one of the table’s own columns, with literals in place of now() and the like',
  })
}
