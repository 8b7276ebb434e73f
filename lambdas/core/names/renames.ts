import { quoteIdentifier, unquoteIdentifier } from '../postgres/identifiers.ts'
import type { NameProblem } from './problem.ts'

export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

/** A relation under its two names; its columns, those that have another name there. */
export interface RenamedRelation {
  readonly oid: number
  readonly kind: string
  readonly from: QualifiedName
  readonly to: QualifiedName
  /** A schema’s new name takes it along, or its table does: the relation itself is not moved. */
  readonly carried: boolean
  /** By their names on the source, inherited ones among them. */
  readonly columns: ReadonlyMap<string, string>
  /** Those that are renamed at this relation; others are at a parent. */
  readonly own: readonly string[]
  /** Columns that stay behind, inherited ones among them. */
  readonly excluded: readonly string[]
  /** Those that are dropped at this relation; others go with a parent’s. */
  readonly dropped: readonly string[]
}

/** All names of a database that are other ones on the destination. Pure data. */
export interface Renames {
  /** Schemas that are renamed as a whole, by their names on the source. */
  readonly schemas: ReadonlyMap<string, string>
  /**
   * Schemas whose objects move one by one, since the schema itself is the server’s (public) or stands there; to where.
   * Members of extensions stay.
   */
  readonly emptied: ReadonlyMap<string, string>
  /** Schemas that tables move into, and that the source has none of. */
  readonly made: readonly string[]
  /** Every relation with another name, schema or column, by its oid on the source. */
  readonly relations: ReadonlyMap<number, RenamedRelation>
  readonly problems: readonly NameProblem[]
}

/** What a schema of the source is called on the destination. */
export function schemaThere({ schemas, emptied }: Pick<Renames, 'schemas' | 'emptied'>, name: string): string {
  return schemas.get(name) ?? emptied.get(name) ?? name
}

/** Nothing has another name. */
export function isNothing({ schemas, emptied, relations }: Renames): boolean {
  return schemas.size + emptied.size + relations.size === 0
}

/** A type as the destination's `format_type` writes it, which writes a type of the user's with its schema. */
export function typesUnder(renames: Renames | null): (type: string) => string {
  if (renames === null) return (type) => type
  return (type) => {
    const [, schema, rest] = /^("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)\.(.*)$/s.exec(type) ?? []
    if (schema === undefined || rest === undefined) return type
    const plain = unquoteIdentifier(schema)
    const there = schemaThere(renames, plain)
    return there === plain ? type : `${quoteIdentifier(there)}.${rest}`
  }
}
