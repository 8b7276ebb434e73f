import type { RelationAtEnd, RelationAtSource } from '../ledger/relation.ts'
import { quoteIdentifier, quoteQualified } from '../postgres/identifiers.ts'

/** The relation's name in a statement. */
export function tableOf(relation: Pick<RelationAtEnd, 'schema' | 'name'>): string {
  return quoteQualified(relation.schema, relation.name)
}

/** Its columns as a list; empty for a table without any. */
export function columnsOf(relation: Pick<RelationAtEnd, 'columns'>): string {
  return relation.columns.map(quoteIdentifier).join(', ')
}

/** What is read of its rows, as a list in the order of its columns. */
export function valuesOf(relation: RelationAtSource): string {
  return relation.columns.map((column, place) => relation.expressions[place] ?? quoteIdentifier(column)).join(', ')
}

/** What stands for one column's value: at the source the expression that the task has for it. */
export function valueAt(relation: RelationAtEnd, column: string): string {
  const computed = relation.side === 'source' ? relation.expressions[relation.columns.indexOf(column)] : null
  return computed ?? quoteIdentifier(column)
}

/** What to read the relation's own rows from: ONLY, because partitions and child tables are relations of their own. */
export function rowsOf(relation: Pick<RelationAtEnd, 'schema' | 'name' | 'tree'>): string {
  return relation.tree ? tableOf(relation) : `ONLY ${tableOf(relation)}`
}

/** A WHERE clause of the relation's own condition and others, empty where there is none. The condition may end in a comment. */
export function whereOf({ where }: Pick<RelationAtEnd, 'where'>, ...others: readonly string[]): string {
  const conditions = where === null ? others : [...others, `(${where}\n)`]
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}
