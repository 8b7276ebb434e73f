import type { Session } from '../postgres/connect.ts'
import { quoteIdentifier } from '../postgres/identifiers.ts'
import { sqlFile } from '../postgres/sql-file.ts'

const COLUMNS = sqlFile(new URL('./sql/computable-columns.sql', import.meta.url))

/** A column of the source, with the type that its domains stand on. */
export interface ComputableColumn {
  /** The table's oid. */
  readonly relation: number
  readonly name: string
  readonly generated: boolean
  /** The type's OID. */
  readonly type: number
  /** The type's modifier, -1 where it has none. */
  readonly modifier: number
  /** The type is the server's own. */
  readonly own: boolean
  readonly typeName: string
  /** As a cast writes the type, without the modifier and with it. */
  readonly plainType: string
  readonly wholeType: string
}

export function readColumns(source: Session, tables: readonly number[]): Promise<ComputableColumn[]> {
  return source.rows<ComputableColumn>(COLUMNS, [tables])
}

/**
 * Types whose modifier is a length. A cast cuts to it in silence; the function behind an assignment, which a cast calls otherwise, tells
 * what does not fit, and pads and strips blanks as the column would.
 */
const LENGTHS: ReadonlySet<string> = new Set(['varchar', 'bpchar', 'bit', 'varbit'])

/** The type has a length, which an assignment keeps and a cast cuts to. */
export function hasLength({ own, typeName, modifier }: ComputableColumn): boolean {
  return own && modifier >= 0 && LENGTHS.has(typeName)
}

/**
 * What the destination's column will hold, computed on the source: the expression as the column's type. Where the column rounds, so does the
 * cast; what is too long for it is an error here as it would be there.
 */
export function storedValue(expression: string, column: ComputableColumn): string {
  // It may end in a comment.
  const value = `(${expression}\n)`
  if (!hasLength(column)) return `${value}::${column.wholeType}`
  const assign = `pg_catalog.${quoteIdentifier(column.typeName)}`
  return `${assign}(${value}::${column.plainType}, ${column.modifier}, false)`
}
