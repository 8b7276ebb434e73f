import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import type { QualifiedName, Renames } from '../../../core/names/renames.ts'
import { quoteIdentifier, quoteQualified } from '../../../core/postgres/identifiers.ts'
import { nameInDrop } from './statement-parts.ts'

/**
 * Kinds without rows that lie in a schema, in the order in which they can leave it: what is named by its arguments goes before the types
 * that these are of.
 */
const MOVED = [
  'AGGREGATE',
  'FUNCTION',
  'PROCEDURE',
  'OPERATOR',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'STATISTICS',
  'COLLATION',
  'CONVERSION',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
  'DOMAIN',
  'TYPE',
]

/**
 * PostgreSQL’s own statements for all the new names, in the order in which they can be: schemas, what moves, relations, columns.
 * Names that are exchanged or handed on go by way of free ones.
 * @param objects what stands in the scratch
 */
export function renameSql(renames: Renames, objects: readonly PlannedObject[]): readonly string[] {
  const free = freeNames()
  const create = (name: string) => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(name)}`
  const renameSchema = (from: string, to: string) =>
    `ALTER SCHEMA ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`
  // Where what leaves a schema goes before the other schemas have their names: one of them may have the name yet.
  const places = [...renames.emptied].map(([from, to]) => ({ from, to, now: renames.schemas.has(to) ? free() : to }))
  return [
    ...places.map(({ now }) => create(now)),
    ...places.flatMap(({ from, now }) => movedObjects(from, now, objects)),
    ...inTwoPasses([...renames.schemas], free, renameSchema),
    ...places.flatMap(({ to, now }) => (now === to ? [] : [renameSchema(now, to)])),
    ...renames.made.map(create),
    ...relationSql(renames, free),
    ...[...renames.relations.values()].flatMap(({ to, columns, own }) =>
      inTwoPasses(
        own.map((column): [string, string] => [column, columns.get(column) ?? column]),
        free,
        (from, name) =>
          `ALTER TABLE ${quoteQualified(to.schema, to.name)} RENAME COLUMN ${quoteIdentifier(from)} TO ${quoteIdentifier(name)}`,
      ),
    ),
  ]
}

function freeNames(): () => string {
  let number = 0
  return () => {
    number += 1
    return `sampan renamed ${number}`
  }
}

/** A name that somebody else of them has yet is taken in a second pass. */
function inTwoPasses(
  pairs: readonly (readonly [string, string])[],
  free: () => string,
  statement: (from: string, to: string) => string,
): readonly string[] {
  const from = new Set(pairs.map(([name]) => name))
  const second: string[] = []
  const first = pairs.map(([name, to]) => {
    if (!from.has(to)) return statement(name, to)
    const between = free()
    second.push(statement(between, to))
    return statement(name, between)
  })
  return [...first, ...second]
}

/** What moves into another schema goes under a free name: its own may be taken there until that one is renamed. */
function relationSql(renames: Renames, free: () => string): readonly string[] {
  const standing = [...renames.relations.values()].map((relation) => ({
    ...relation,
    // What empties a schema has not taken it along.
    now: { schema: renames.schemas.get(relation.from.schema) ?? relation.from.schema, name: relation.from.name },
  }))
  // A column’s sequence has gone with its table by then.
  const moving = standing.filter(({ carried, now, to }) => !carried && now.schema !== to.schema)
  const placed = standing.map((one) => {
    const moves = moving.includes(one)
    return { ...one, moves, now: moves || !one.carried ? one.now : { ...one.now, schema: one.to.schema } }
  })
  const named = placed.filter(({ moves, from, to }) => moves || from.name !== to.name)
  const taken = new Set(named.map(({ now }) => key(now)))
  const steps = named.map((one) => {
    const direct = !one.moves && !taken.has(key(one.to))
    return { ...one, between: direct ? null : free() }
  })
  const alter = ({ schema, name }: QualifiedName, what: string) => `ALTER TABLE ${quoteQualified(schema, name)} ${what}`
  const rename = (of: QualifiedName, name: string) => alter(of, `RENAME TO ${quoteIdentifier(name)}`)
  // Tables first: their sequences go along, under whatever name.
  const isOwned = ({ kind, carried }: (typeof steps)[number]) => kind === 'S' && carried
  const tables = steps.filter((one) => !isOwned(one))
  const sequences = steps.filter(isOwned)
  const passes = (ones: typeof steps) => [
    ...ones.flatMap(({ now, to, between }) => [rename(now, between ?? to.name)]),
    ...ones.flatMap(({ now, to, between, moves }) =>
      moves && between !== null
        ? [alter({ schema: now.schema, name: between }, `SET SCHEMA ${quoteIdentifier(to.schema)}`)]
        : [],
    ),
    ...ones.flatMap(({ to, between }) =>
      between === null ? [] : [rename({ schema: to.schema, name: between }, to.name)],
    ),
  ]
  return [...passes(tables), ...passes(sequences)]
}

function key({ schema, name }: QualifiedName): string {
  return JSON.stringify([schema, name])
}

/** Types, functions and the like of a schema that is emptied. */
function movedObjects(from: string, to: string, objects: readonly PlannedObject[]): readonly string[] {
  const inIt = objects.filter(({ kind, schema }) => schema === from && MOVED.includes(kind))
  return inIt
    .toSorted((one, other) => MOVED.indexOf(one.kind) - MOVED.indexOf(other.kind))
    .flatMap(({ dropSql }) => {
      const dropped = nameInDrop(dropSql)
      return dropped === null ? [] : [`ALTER ${dropped.kind} ${dropped.name} SET SCHEMA ${quoteIdentifier(to)}`]
    })
}
