import { withoutKeywordQuotes } from '../postgres/identifiers.ts'
import type { Column } from './tables.ts'

/** A column of the source, and what becomes of it. */
export interface ColumnThere {
  readonly column: Column
  /** What the destination calls it; null: it stays behind. */
  readonly there: string | null
}

/** How a column of the destination's table differs from the source's. */
export interface ColumnDifference {
  /**
   * `refused`: the rows cannot come, or would not be the source's. `computed`: they come, and the destination makes another value of the column, or
   * writes the same expression otherwise. `told`: they come where the table takes them.
   */
  readonly weight: 'refused' | 'computed' | 'told'
  /** For people: `column note: text on the source, integer on the destination`. */
  readonly text: string
}

/**
 * Compares a table of the destination with the source's, column by column and by name: their order does not matter, as rows travel by a
 * list of columns. Pure.
 * @param typeThere the source's type as the destination writes it, where schemas have other names
 */
export function compareColumns(
  source: readonly ColumnThere[],
  destination: readonly Column[],
  typeThere: (type: string) => string = (type) => type,
): readonly ColumnDifference[] {
  const there = new Map(destination.map((column) => [column.name, column]))
  const found = source.flatMap((one): ColumnDifference[] => {
    if (one.there === null) return []
    const other = there.get(one.there)
    return other === undefined ? missing(one) : [...valuesOf(one, other, typeThere), ...rulesOf(one, other)]
  })
  const wanted = new Set(source.map((one) => one.there))
  return [...found, ...destination.filter(({ name }) => !wanted.has(name)).flatMap(surplus)]
}

function missing({ column, there }: ColumnThere): ColumnDifference[] {
  const named = there === column.name ? '' : ` (${there})`
  return [
    {
      // What is computed from the row's other columns does not travel.
      weight: column.generated === null ? 'refused' : 'told',
      text: `column ${column.name}${named} is missing on the destination`,
    },
  ]
}

function valuesOf({ column }: ColumnThere, other: Column, typeThere: (type: string) => string) {
  const [type, otherType] = [withoutKeywordQuotes(typeThere(column.type)), withoutKeywordQuotes(other.type)]
  const found: ColumnDifference[] = []
  if (type !== otherType) found.push(differs('refused', column, type, otherType))
  if (column.generated === null && other.generated !== null) {
    found.push(differs('refused', column, 'stored', `generated as ${other.generated}`))
  } else if (column.generated !== null && other.generated === null) {
    // It would get its default in every row.
    found.push(differs('refused', column, `generated as ${column.generated}`, 'not generated'))
  } else if (withoutKeywordQuotes(column.generated ?? '') !== withoutKeywordQuotes(other.generated ?? '')) {
    found.push(differs('computed', column, `generated as ${column.generated}`, `generated as ${other.generated}`))
  }
  return found
}

function rulesOf({ column }: ColumnThere, other: Column): ColumnDifference[] {
  const found: ColumnDifference[] = []
  if (column.collation !== other.collation) {
    found.push(differs('told', column, collationOf(column), collationOf(other)))
  }
  if (!column.notNull && other.notNull) found.push(differs('told', column, 'may be NULL', 'NOT NULL'))
  if (column.identity !== other.identity) found.push(differs('told', column, identityOf(column), identityOf(other)))
  return found
}

function surplus({ name, notNull, hasDefault, identity, generated }: Column): ColumnDifference[] {
  if (generated !== null || identity !== null) return []
  const filled = hasDefault || !notNull
  const text = `column ${name} is on the destination only, ${hasDefault ? 'and gets its default' : notNull ? 'NOT NULL and without a default' : 'and stays NULL'}`
  return [{ weight: filled ? 'told' : 'refused', text }]
}

function differs(
  weight: ColumnDifference['weight'],
  { name }: Column,
  source: string,
  destination: string,
): ColumnDifference {
  return { weight, text: `column ${name}: ${source} on the source, ${destination} on the destination` }
}

function collationOf({ collation }: Column): string {
  return collation === null ? 'the type’s collation' : `collation ${collation}`
}

function identityOf({ identity }: Column): string {
  if (identity === null) return 'no identity'
  return `GENERATED ${identity === 'a' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY`
}
