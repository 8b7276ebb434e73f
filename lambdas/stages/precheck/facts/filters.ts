import {
  conditionsByTable,
  type FilterableTable,
  isNamedBy,
  readFilterableTables,
} from '../../../core/filter/filtered.ts'
import { judgeFilter } from '../../../core/filter/judge.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { readSearchPath } from '../../../core/postgres/source-path.ts'
import { type RowFilter, rowFilters } from '../../../core/task/table-options.ts'
import { CannotRun, type CheckContext } from '../context.ts'
import { isChosen } from './relations.ts'

/** The task's row filters, on the tables that are chosen. */
export interface FilteredTables {
  readonly chosen: readonly FilterableTable[]
  /** All of the source: a partition may be chosen without its root. */
  readonly tables: readonly FilterableTable[]
  /** The conditions of each table that has any. */
  readonly byTable: ReadonlyMap<number, readonly string[]>
  /** Filters that name no chosen table. */
  readonly unused: readonly RowFilter[]
}

/** @throws CannotRun where the task filters nothing */
export async function filteredTables(context: CheckContext): Promise<FilteredTables> {
  const filters = rowFilters(context.database)
  if (filters.length === 0) throw new CannotRun('irrelevant', 'the task filters no rows')
  const [tables, comes] = await Promise.all([readFilterableTables(context.source), context.fact(isChosen)])
  const chosen = tables.filter(({ schema, name }) => comes(schema, name))
  return {
    chosen,
    tables,
    byTable: conditionsByTable(filters, tables),
    unused: filters.filter((filter) => !chosen.some((table) => isNamedBy(filter, table))),
  }
}

export interface JudgedFilters {
  /** Of its own: conditions are parsed in transactions. */
  readonly session: Session
  /** Under which the conditions are read. */
  readonly path: string
  readonly refused: readonly { readonly filter: RowFilter; readonly table: FilterableTable; readonly why: string }[]
}

/** Each condition on each chosen table that it names. */
export async function judgedFilters(context: CheckContext): Promise<JudgedFilters> {
  const { chosen } = await context.fact(filteredTables)
  const [session, path] = await Promise.all([context.openAnother('source'), readSearchPath(context.source)])
  const refused: JudgedFilters['refused'][number][] = []
  for (const filter of rowFilters(context.database)) {
    const named = chosen.filter((table) => isNamedBy(filter, table))
    const roots = new Set(named.map(({ oid }) => oid))
    // Partitions have the columns of what is above them.
    for (const table of named.filter(({ above }) => !above.some((oid) => roots.has(oid)))) {
      const why = await judgeFilter(session, table, filter.where, path, 'pipelined')
      if (why !== null) refused.push({ filter, table, why })
    }
  }
  return { session, path, refused }
}
