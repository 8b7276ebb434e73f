import type { ComputedColumn } from '../../../core/expression/computed.ts'
import { allOf, conditionOfTree, type FilterableTable } from '../../../core/filter/filtered.ts'
import { leavesOf, PROMISED_SINCE } from '../../../core/filter/keys.ts'
import { quoteIdentifier, quoteQualified } from '../../../core/postgres/identifiers.ts'
import { toSampanError } from '../../../core/runtime/errors.ts'
import type { CheckContext } from '../context.ts'
import { type Constraint, readConstraints } from './constraints.ts'
import { type ChangedTables, changedTables, judgedChanges } from './table-changes.ts'

/** All counts together, milliseconds: the runner waits a little longer for the check. */
const LONGEST_COUNTING = 20_000

/** A constraint of the source that what comes may not keep. */
export interface BrokenConstraint {
  readonly constraint: Constraint
  readonly table: FilterableTable
  /** Of a foreign key. */
  readonly parent: FilterableTable | null
  /** A column of it is computed; else rows are kept away by a filter alone. */
  readonly computed: boolean
  /** How many rows break it; why not, where they cannot be counted in time. */
  readonly rows: number | string
  /** A foreign key that the destination makes NOT VALID; before 18 none of partitioned tables, on either side. */
  readonly notValid: boolean
}

/**
 * Which constraints what comes does not keep, counted on the source as it is now, one after the other. None where a filter or an expression
 * cannot be: with that nothing can be counted.
 */
export async function brokenConstraints(context: CheckContext): Promise<readonly BrokenConstraint[]> {
  const [changes, judged] = await Promise.all([context.fact(changedTables), context.fact(judgedChanges)])
  if (judged.filters.length + judged.expressions.length > 0) return []
  const comes = new Map(changes.chosen.map((table) => [table.oid, table]))
  const [{ keys }, version] = [changes, context.destinationServer.serverVersion]
  const deadline = performance.now() + LONGEST_COUNTING
  const broken: BrokenConstraint[] = []
  for (const constraint of await readConstraints(context.source, [...comes.keys()])) {
    const table = comes.get(constraint.table)
    const parent = constraint.parent === null ? null : comes.get(constraint.parent)
    if (table === undefined || parent === undefined) continue
    // What becomes of it the task says.
    if (keys.some((key) => key.child === constraint.table && key.name === constraint.name)) continue
    const query = countOf(constraint, { table, parent }, changes)
    if (query === null) continue
    const { sql, computed } = query
    const rows = await ask(judged.session, judged.path, sql, deadline - performance.now())
    const partitioned = (table.partitioned || parent?.partitioned === true) && version < PROMISED_SINCE
    if (rows !== 0) broken.push({ constraint, table, parent, computed, rows, notValid: !partitioned })
  }
  return broken
}

interface Counting {
  /** A query of one row: `rows`. */
  readonly sql: string
  readonly computed: boolean
}

/** null where nothing that is changed can break it. */
function countOf(
  constraint: Constraint,
  { table, parent }: { readonly table: FilterableTable; readonly parent: FilterableTable | null },
  changes: ChangedTables,
): Counting | null {
  const own = computedAmong(table, constraint.columns, changes)
  const theirs = parent === null ? false : computedAmong(parent, constraint.parentColumns, changes)
  const computed = own || theirs
  if (parent !== null) {
    // Where all parents come, and are what they were, nothing is amiss.
    if (!computed && conditionOf(parent, changes) === null) return null
    return { sql: orphansSql(constraint, table, parent, changes), computed }
  }
  if (!computed) return null
  const places = constraint.columns.map((_, place) => `k${place}`)
  const named = rowsSql(table, constraint.columns, changes, constraint.columns.map(quoteIdentifier))
  const all = `(${named}) AS ${quoteIdentifier(table.name)}`
  if (constraint.kind === 'check') {
    return { sql: counted(`${all} WHERE NOT (${constraint.check}\n)`), computed }
  }
  if (constraint.keys !== null) {
    const keyed = keysOf(constraint.keys, constraint.check, all)
    return { sql: constraint.kind === 'exclusion' ? excludedSql(constraint, keyed) : doublesSql(keyed), computed }
  }
  const rows = rowsSql(table, constraint.columns, changes, places)
  if (constraint.kind === 'not null') {
    return {
      sql: counted(`(${rows}) AS one WHERE ${places.map((place) => `one.${place} IS NULL`).join(' OR ')}`),
      computed,
    }
  }
  return { sql: doublesSql({ places, sql: rows }), computed }
}

/** What is compared of some rows. */
interface Keyed {
  readonly places: readonly string[]
  /** A query of these columns. */
  readonly sql: string
}

/** What an index compares of the rows that it has. */
function keysOf(keys: readonly string[], condition: string | null, rows: string): Keyed {
  const places = keys.map((_, place) => `k${place}`)
  const named = keys.map((key, place) => `(${key}\n) AS k${place}`).join(', ')
  return { places, sql: `SELECT ${named} FROM ${rows}${condition === null ? '' : ` WHERE (${condition}\n)`}` }
}

function doublesSql({ places, sql }: Keyed): string {
  const filled = places.map((place) => `one.${place} IS NOT NULL`).join(' AND ')
  const groups = `SELECT pg_catalog.count(*) - 1 AS more FROM (${sql}) AS one WHERE ${filled} GROUP BY ${places.join(', ')}`
  return `SELECT COALESCE(pg_catalog.sum(groups.more), 0)::pg_catalog.float8 AS rows FROM (${groups}) AS groups`
}

/** Every row with every one before it: of a large table the time does not suffice, and that is told. */
function excludedSql({ operators }: Constraint, { places, sql }: Keyed): string {
  const all = `SELECT *, pg_catalog.row_number() OVER () AS number FROM (${sql}) AS keyed`
  const both = places.map((place, at) => `one.${place} ${operators[at]} other.${place}`).join(' AND ')
  return `WITH numbered AS (${all}) ${counted(`numbered AS one`)}
   WHERE EXISTS (SELECT FROM numbered AS other WHERE other.number < one.number AND ${both})`
}

function counted(from: string): string {
  return `SELECT pg_catalog.count(*)::pg_catalog.float8 AS rows FROM ${from}`
}

function orphansSql(
  { columns, parentColumns, operators }: Constraint,
  child: FilterableTable,
  parent: FilterableTable,
  changes: ChangedTables,
): string {
  const places = columns.map((_, place) => `k${place}`)
  const filled = places.map((place) => `child.${place} IS NOT NULL`)
  const equal = places.map((place, at) => `parent.${place} ${operators[at]} child.${place}`)
  return `${counted(`(${rowsSql(child, columns, changes, places)}) AS child`)}
   WHERE ${filled.join(' AND ')}
     AND NOT EXISTS (SELECT 1 FROM (${rowsSql(parent, parentColumns, changes, places)}) AS parent WHERE ${equal.join(' AND ')})`
}

/** What comes of some columns, under other names. */
function rowsSql(
  table: FilterableTable,
  columns: readonly string[],
  changes: ChangedTables,
  names: readonly string[],
): string {
  const computed = changes.computed.byTable.get(table.oid)
  const named = columns.map((column, at) => `${valueSql(computed, column)} AS ${names[at]}`).join(', ')
  const where = conditionOf(table, changes)
  const from = `${table.partitioned ? '' : 'ONLY '}${quoteQualified(table.schema, table.name)}`
  return `SELECT ${named} FROM ${from}${where === null ? '' : ` WHERE (${where}\n)`}`
}

function valueSql(computed: ReadonlyMap<string, ComputedColumn> | undefined, column: string): string {
  return computed?.get(column)?.value ?? quoteIdentifier(column)
}

function computedAmong({ oid }: FilterableTable, columns: readonly string[], { computed }: ChangedTables): boolean {
  return columns.some((column) => computed.byTable.get(oid)?.has(column))
}

function conditionOf(table: FilterableTable, { tables, conditions }: ChangedTables): string | null {
  if (!table.partitioned) return allOf(conditions.get(table.oid) ?? [])
  return conditionOfTree(leavesOf(table.oid, tables), conditions)
}

/** @returns why not, where the rows cannot be counted in time */
async function ask(
  session: CheckContext['source'],
  path: string,
  query: string,
  milliseconds: number,
): Promise<number | string> {
  const late = `counting takes longer than the ${LONGEST_COUNTING / 1000} seconds there are for all keys`
  if (milliseconds < 1) return late
  try {
    await session.execute(
      `BEGIN READ ONLY; SET LOCAL statement_timeout = ${Math.ceil(milliseconds)}; SET LOCAL search_path = ${path}`,
    )
    const [row] = await session.rows<{ rows: number }>(query)
    return row?.rows ?? 0
  } catch (thrown) {
    const error = toSampanError(thrown)
    if (error.kind === 'connection' || error.code === 'STOPPED') throw error
    return error.code === 'SRC_SQL_57014' ? late : `${error.code}: ${error.message}`
  } finally {
    await session.execute('ROLLBACK').catch(() => {})
  }
}
