import {
  type ComputedTables,
  judgeComputed,
  type RefusedExpression,
  readComputed,
} from '../../../core/expression/computed.ts'
import {
  conditionsByTable,
  type FilterableTable,
  isNamedBy,
  readFilterableTables,
} from '../../../core/filter/filtered.ts'
import { followParents } from '../../../core/filter/follow.ts'
import { judgeFilter } from '../../../core/filter/judge.ts'
import { type ChosenKey, type RefusedKey, readChosenKeys, refusedKeys } from '../../../core/filter/keys.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { readSearchPath } from '../../../core/postgres/source-path.ts'
import {
  columnExpressions,
  keyChoices,
  type RowFilter,
  rowFilters,
  type TableName,
  tableNames,
} from '../../../core/task/table-options.ts'
import { CannotRun, type CheckContext } from '../context.ts'
import { isChosen } from './relations.ts'

/** What the task wants of single tables, on those that are chosen. */
export interface ChangedTables {
  readonly chosen: readonly FilterableTable[]
  /** All of the source: a partition may be chosen without its root. */
  readonly tables: readonly FilterableTable[]
  /** The conditions of each table that has any. */
  readonly conditions: ReadonlyMap<number, readonly string[]>
  readonly computed: ComputedTables
  /** The foreign keys that the task says something of. */
  readonly keys: readonly ChosenKey[]
  /** Of those the ones whose rows would follow themselves. */
  readonly rings: readonly RefusedKey[]
  /** Names of no chosen table. */
  readonly unused: readonly TableName[]
}

/** @throws CannotRun where the task wants nothing of single tables */
export async function changedTables(context: CheckContext): Promise<ChangedTables> {
  const names = tableNames(context.database)
  if (names.length === 0) throw new CannotRun('irrelevant', 'the task wants nothing of single tables')
  const [tables, comes] = await Promise.all([readFilterableTables(context.source), context.fact(isChosen)])
  const chosen = tables.filter(({ schema, name }) => comes(schema, name))
  const expressions = columnExpressions(context.database)
  const keys = await readChosenKeys(context.source, keyChoices(context.database), tables)
  const own = conditionsByTable(rowFilters(context.database), tables)
  const { conditions, refused: rings } = followParents(own, keys, tables)
  return {
    ...{ chosen, tables, conditions, keys, rings },
    computed: await readComputed(context.source, expressions, tables, ({ schema, name }) => comes(schema, name)),
    unused: names.filter((one) => !chosen.some((table) => isNamedBy(one, table))),
  }
}

/** @throws CannotRun where the task filters nothing */
export function requireFilters({ database }: CheckContext): void {
  if (rowFilters(database).length === 0) throw new CannotRun('irrelevant', 'the task filters no rows')
}

/** What the task says of foreign keys, and cannot be. @throws CannotRun where it says nothing of any */
export async function refusedChoices(context: CheckContext): Promise<readonly RefusedKey[]> {
  if (keyChoices(context.database).length === 0) throw new CannotRun('irrelevant', 'the task says nothing of keys')
  const { chosen, keys, rings, tables } = await context.fact(changedTables)
  const comes = new Set(chosen.map(({ oid }) => oid))
  return [...refusedKeys(keys, tables, comes, context.destinationServer.serverVersion), ...rings]
}

/** @throws CannotRun where the task computes nothing */
export function requireExpressions({ database }: CheckContext): void {
  if (columnExpressions(database).length === 0) throw new CannotRun('irrelevant', 'the task computes no columns')
}

export interface JudgedChanges {
  /** Of its own: what is judged is parsed in transactions, one behind the other. */
  readonly session: Session
  /** Under which the conditions and expressions are read. */
  readonly path: string
  readonly filters: readonly { readonly filter: RowFilter; readonly table: FilterableTable; readonly why: string }[]
  readonly expressions: readonly RefusedExpression[]
}

/** Each condition and each expression on each chosen table that it is for: those that cannot be. */
export async function judgedChanges(context: CheckContext): Promise<JudgedChanges> {
  const { chosen, computed } = await context.fact(changedTables)
  const [session, path] = await Promise.all([context.openAnother('source'), readSearchPath(context.source)])
  const filters: JudgedChanges['filters'][number][] = []
  for (const filter of rowFilters(context.database)) {
    const named = chosen.filter((table) => isNamedBy(filter, table))
    const roots = new Set(named.map(({ oid }) => oid))
    // Partitions have the columns of what is above them.
    for (const table of named.filter(({ above }) => !above.some((oid) => roots.has(oid)))) {
      const why = await judgeFilter(session, table, filter.where, path, 'pipelined')
      if (why !== null) filters.push({ filter, table, why })
    }
  }
  const judged = await judgeComputed(session, computed, chosen, path, 'pipelined')
  return { session, path, filters, expressions: [...computed.refused, ...judged] }
}
