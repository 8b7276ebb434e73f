import type { TaskDatabase } from './databases.ts'
import { type ExcludedObject, excludedText, type KindedObject, matchesObject } from './excluded-object.ts'
import { matchesTablePattern, parseTablePattern, type TablePattern } from './pattern.ts'

/** What the `include` and `exclude` lists of one database say, as the plan reads them. */
export interface Selection {
  /** `*.*` is among the included: what lies outside of schemas comes too (large objects, publications, …). */
  readonly everything: boolean
  /** Is this table (view, sequence, …) named by the included? */
  includesTable(schema: string, table: string): boolean
  /** Is it named by the excluded? */
  excludesTable(schema: string, table: string): boolean
  /** Is it excluded by its kind? */
  excludesObject(object: KindedObject): boolean
  /** The entries that exclude by kind. */
  readonly excludedObjects: readonly ExcludedObject[]
  /**
   * Is the schema chosen as a whole? Types, functions and the like go with their schema; whoever chooses single tables gets
   * tables and what they need.
   */
  includesWholeSchema(schema: string): boolean
  /**
   * The patterns that name none of these tables and, where they are for whole schemas, none of these schemas; and the entries by
   * kind that name none of these objects.
   */
  unmatchedPatterns(
    tables: readonly QualifiedName[],
    schemas: readonly string[],
    objects?: readonly KindedObject[],
  ): readonly string[]
  /** The patterns of `include` that name something, all of which is excluded again: whoever wrote both meant something else. */
  contradictedPatterns(tables: readonly QualifiedName[], schemas: readonly string[]): readonly string[]
  /** Large objects come: everything is chosen, and they are not excluded. */
  readonly largeObjects: boolean
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
  const exclude = database.exclude.filter((entry) => typeof entry === 'string').map(parsed)
  const excludedObjects = database.exclude.filter((entry) => typeof entry !== 'string')
  const named = (patterns: readonly Parsed[], schema: string, table: string) =>
    patterns.some((pattern) => matchesTablePattern(pattern, schema, table))
  return {
    everything: include.some(isEverything),
    includesTable: (schema, table) => named(include, schema, table),
    excludesTable: (schema, table) => named(exclude, schema, table),
    excludesObject: (object) => excludedObjects.some((excluded) => matchesObject(excluded, object)),
    excludedObjects,
    includesWholeSchema: (schema) =>
      named(include.filter(isWhole), schema, '') && !named(exclude.filter(isWhole), schema, ''),
    largeObjects: include.some(isEverything) && !excludedObjects.some(({ kind }) => kind === 'LARGE OBJECTS'),
    unmatchedPatterns: (tables, schemas, objects = []) => [
      ...[...include, ...exclude]
        .filter((pattern) => !isEverything(pattern))
        .filter((pattern) => !tables.some(({ schema, name }) => matchesTablePattern(pattern, schema, name)))
        .filter((pattern) => !isWhole(pattern) || !schemas.some((schema) => matchesTablePattern(pattern, schema, '')))
        .map((pattern) => pattern.text),
      ...excludedObjects
        // There may be none today: leaving them out is no slip.
        .filter(({ kind }) => kind !== 'LARGE OBJECTS')
        .filter((excluded) => !objects.some((object) => matchesObject(excluded, object)))
        .map(excludedText),
    ],
    contradictedPatterns: (tables, schemas) =>
      include
        .filter((pattern) => {
          const relations = tables.filter(({ schema, name }) => matchesTablePattern(pattern, schema, name))
          const whole = isWhole(pattern) ? schemas.filter((schema) => matchesTablePattern(pattern, schema, '')) : []
          return (
            relations.length + whole.length > 0 &&
            relations.every(({ schema, name }) => named(exclude, schema, name)) &&
            whole.every((schema) => named(exclude.filter(isWhole), schema, ''))
          )
        })
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
