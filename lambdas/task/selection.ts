import type { TaskDatabase } from './databases.ts'
import { matchesTablePattern, parseTablePattern, type TablePattern } from './pattern.ts'

/** What the `include` and `exclude` lists of one database say, as the plan reads them. */
export interface Selection {
  /** `*.*` is among the included: what lies outside of schemas comes too (large objects, publications, …). */
  readonly everything: boolean
  /** Is this table (view, sequence, …) named by the included? */
  includesTable(schema: string, table: string): boolean
  /** Is it named by the excluded? */
  excludesTable(schema: string, table: string): boolean
  /**
   * Is the schema chosen as a whole? Types, functions and the like go with their schema; whoever chooses single tables gets
   * tables and what they need.
   */
  includesWholeSchema(schema: string): boolean
  /** The patterns that name none of these tables and, where they are for whole schemas, none of these schemas. */
  unmatchedPatterns(tables: readonly QualifiedName[], schemas: readonly string[]): readonly string[]
}

export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

interface Parsed extends TablePattern {
  readonly text: string
}

/** Reads the lists of a database once, for any number of questions. */
export function selectionOf(database: Pick<TaskDatabase, 'include' | 'exclude'>): Selection {
  const include = database.include.map(parsed)
  const exclude = database.exclude.map(parsed)
  const named = (patterns: readonly Parsed[], schema: string, table: string) =>
    patterns.some((pattern) => matchesTablePattern(pattern, schema, table))
  return {
    everything: include.some(isEverything),
    includesTable: (schema, table) => named(include, schema, table),
    excludesTable: (schema, table) => named(exclude, schema, table),
    includesWholeSchema: (schema) =>
      named(include.filter(isWhole), schema, '') && !named(exclude.filter(isWhole), schema, ''),
    unmatchedPatterns: (tables, schemas) =>
      [...include, ...exclude]
        .filter((pattern) => !isEverything(pattern))
        .filter((pattern) => !tables.some(({ schema, name }) => matchesTablePattern(pattern, schema, name)))
        .filter((pattern) => !isWhole(pattern) || !schemas.some((schema) => matchesTablePattern(pattern, schema, '')))
        .map((pattern) => pattern.text),
  }
}

function parsed(text: string): Parsed {
  const pattern = parseTablePattern(text)
  // The task's schema refuses such a pattern: nobody gets here with one.
  if (pattern === null) throw new RangeError(`"${text}" is not of the form schema.table`)
  return { ...pattern, text }
}

function isWhole(pattern: TablePattern): boolean {
  return pattern.table === '*'
}

function isEverything(pattern: TablePattern): boolean {
  return pattern.schema === '*' && isWhole(pattern)
}
