import type { TaskDatabase } from './databases.ts'
import { matchesTablePattern, parseTablePattern, type TablePattern } from './pattern.ts'

/** What the `include` and `exclude` lists of one database choose. */
export interface Selection {
  /** Is this table (view, sequence, …) chosen? */
  includesTable(schema: string, table: string): boolean
  /**
   * Is the schema chosen as a whole? Types, functions and the like go with their schema; whoever chooses single tables gets
   * tables, as with DTS.
   */
  includesWholeSchema(schema: string): boolean
  /** The entries of `include` that name none of these tables. */
  unmatchedIncludes(tables: readonly QualifiedName[]): readonly string[]
  /** The entries of `exclude` that name none of these tables. */
  unmatchedExcludes(tables: readonly QualifiedName[]): readonly string[]
}

export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

/** Reads the lists of a database once, for any number of questions. */
export function selectionOf(database: Pick<TaskDatabase, 'include' | 'exclude'>): Selection {
  const include = database.include.map(parsed)
  const exclude = database.exclude.map(parsed)
  const unmatched = (patterns: readonly Parsed[], tables: readonly QualifiedName[]) =>
    patterns.filter((pattern) => !tables.some((table) => matchesTablePattern(pattern, table.schema, table.name)))
  return {
    includesTable: (schema, table) =>
      include.some((pattern) => matchesTablePattern(pattern, schema, table)) &&
      !exclude.some((pattern) => matchesTablePattern(pattern, schema, table)),
    includesWholeSchema: (schema) =>
      include.some((pattern) => pattern.table === '*' && matchesTablePattern(pattern, schema, '')) &&
      !exclude.some((pattern) => pattern.table === '*' && matchesTablePattern(pattern, schema, '')),
    unmatchedIncludes: (tables) => unmatched(include, tables).map((pattern) => pattern.text),
    unmatchedExcludes: (tables) => unmatched(exclude, tables).map((pattern) => pattern.text),
  }
}

interface Parsed extends TablePattern {
  readonly text: string
}

function parsed(text: string): Parsed {
  const pattern = parseTablePattern(text)
  // The task's schema refuses such a pattern: nobody gets here with one.
  if (pattern === null) throw new RangeError(`"${text}" is not of the form schema.table`)
  return { ...pattern, text }
}
