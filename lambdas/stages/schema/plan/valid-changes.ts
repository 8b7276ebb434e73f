import { computedOtherwise, judgeComputed, type RefusedExpression } from '../../../core/expression/computed.ts'
import { isNamedBy } from '../../../core/filter/filtered.ts'
import { judgeFilter } from '../../../core/filter/judge.ts'
import { type RefusedKey, refusedKeys } from '../../../core/filter/keys.ts'
import type { PlannedObject, PlannedRelation } from '../../../core/ledger/objects/planned.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import type { SearchPath } from '../../../core/postgres/search-path.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { RowFilter } from '../../../core/task/table-options.ts'
import type { TableChanges } from './plan.ts'

interface Planned {
  readonly objects: readonly PlannedObject[]
  readonly relations: readonly PlannedRelation[]
}

/**
 * Every filter and every expression is judged once more on the tables that the plan copies: since the precheck a column or a function may
 * be another one.
 * @param source with no transaction open
 * @throws SampanError `FILTER_INVALID`, `EXPRESSION_INVALID`, `KEY_CHOICE_IMPOSSIBLE`
 */
export async function requireValidChanges(
  source: Session,
  changes: TableChanges,
  { objects, relations }: Planned,
  path: SearchPath,
  destinationVersion: number,
): Promise<void> {
  const comes = objects.filter(({ kind, status }) => kind === 'TABLE' && status === 'pending')
  for (const filter of changes.filters) {
    for (const { schema, name } of comes) {
      if (schema === null || !isNamedBy(filter, { schema, name })) continue
      const refusal = await judgeFilter(source, { schema, name }, filter.where, path)
      if (refusal !== null) throw invalid(filter, `${schema}.${name}`, refusal)
    }
  }
  const oids = new Set(comes.map(({ oid }) => oid))
  const [impossible] = [
    ...refusedKeys(changes.chosenKeys, changes.tables, oids, destinationVersion),
    ...changes.refusedKeys,
  ]
  if (impossible !== undefined) throw impossibleChoice(impossible)
  const chosen = changes.tables.filter(({ oid }) => oids.has(oid))
  const [refused] = [
    ...changes.computed.refused.filter(({ table }) => table === null || oids.has(table.oid)),
    ...refusedTrees(changes, relations),
    ...(await judgeComputed(source, changes.computed, chosen, path)),
  ]
  if (refused !== undefined) throw invalidExpression(refused)
}

/** What has a partition's key computed travels through its root, and has one expression for each column all over. */
function refusedTrees({ computed, tables }: TableChanges, relations: readonly PlannedRelation[]): RefusedExpression[] {
  const leavesOf = (root: number) =>
    tables.filter(({ above, partitioned }) => !partitioned && above.includes(root)).map(({ oid }) => oid)
  const byOid = new Map(tables.map((table) => [table.oid, table]))
  const refuse = (oid: number, { column, expression, name } = first(oid), why: string) => {
    return { column: column.name, expression, name, table: byOid.get(oid) ?? null, why }
  }
  const first = (oid: number) => {
    const [one] = computed.byTable.get(oid)?.values() ?? []
    if (one === undefined) throw new RangeError(`nothing of ${oid} is computed`)
    return one
  }
  const copied = new Set(relations.map(({ oid }) => oid))
  const apart = computed.rerouted.filter((root) => leavesOf(root).some((leaf) => copied.has(leaf)))
  const otherwise = relations.flatMap(({ oid, tree }) => {
    const found = tree ? computedOtherwise(oid, leavesOf(oid), computed) : null
    return found === null
      ? []
      : [refuse(oid, found, 'its partitions travel together, and have not the same expression')]
  })
  const why = 'it is of the partition key: that needs all partitions to come, and none of them to be a foreign table'
  return [...apart.map((oid) => refuse(oid, undefined, why)), ...otherwise]
}

function invalid({ name, where }: RowFilter, table: string, refusal: string): SampanError {
  return new SampanError({
    code: 'FILTER_INVALID',
    message: `the filter of ${name === table ? table : `${table} (${name})`} cannot be used: ${refusal}; it is: ${where}`,
    remedy:
      'nothing was written: mend the condition in the task; it is one of the table’s own columns, with literals in place of now() and the like',
  })
}

function impossibleChoice({ key, why }: RefusedKey): SampanError {
  return new SampanError({
    code: 'KEY_CHOICE_IMPOSSIBLE',
    message: `"${key.choice.choice}" for the key ${key.name} of ${key.choice.name} cannot be: ${why}`,
    remedy:
      'nothing was written: say "leave" of the key, or filter its rows by a condition of their own, then start again',
  })
}

function invalidExpression({ name, column, expression, table, why }: RefusedExpression): SampanError {
  const where = table === null ? name : `${table.schema}.${table.name}`
  return new SampanError({
    code: 'EXPRESSION_INVALID',
    message: `the expression for ${where}.${column}${where === name ? '' : ` (${name})`} cannot be used: ${why}; it is: ${expression}`,
    remedy:
      'nothing was written: mend the expression in the task; it is one of the table’s own columns, of the column’s type, with literals in place of now() and the like; a child by INHERITS has its own',
  })
}
