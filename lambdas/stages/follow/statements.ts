import { quoteIdentifier } from '../../core/postgres/identifiers.ts'
import type { Exchange, Key, Step } from '../../core/stream/fold.ts'
import type { Row } from '../../core/stream/pgoutput.ts'

/** A column as the destination has it. */
export interface ColumnThere {
  readonly name: string
  /** `format_type` without a modifier: a cast to one would cut what does not fit, an assignment refuses it. */
  readonly type: string
  /** The type of its arrays, where one can be made of texts; `null`: each value is cast from text. */
  readonly array: string | null
  /** GENERATED ALWAYS AS IDENTITY: it cannot be set by UPDATE. */
  readonly always: boolean
}

/** A table that changes are applied to. */
export interface TableThere {
  readonly oid: number
  /** As people know it: the source's name. */
  readonly title: string
  /** The destination's, quoted. */
  readonly name: string
  /** In the order in which the stream has the values. */
  readonly columns: readonly ColumnThere[]
  /** Places of the key's columns, each with its index's own `=`; none: whole rows are told from each other. */
  readonly key: readonly { readonly place: number; readonly equals: string }[]
}

/** A statement, its lists of values, and how many rows it has to touch. */
export interface Statement {
  readonly title: string
  readonly text: string
  readonly values: readonly (readonly (string | null)[])[]
  /** `null`: it does not matter (TRUNCATE). */
  readonly rows: number | null
}

/** What a step says to the destination. Pure. @throws TypeError for a table that is not followed: the follower knows all */
export function statementsOf(step: Step, tables: ReadonlyMap<number, TableThere>): readonly Statement[] {
  if (step.kind === 'truncate') {
    const named = step.tables.map((oid) => tableOf(oid, tables))
    const text = `TRUNCATE ${named.map(({ name }) => `ONLY ${name}`).join(', ')}`
    return named.length === 0
      ? []
      : [{ title: named.map(({ title }) => title).join(', '), text, values: [], rows: null }]
  }
  const table = tableOf(step.table, tables)
  if (step.kind === 'exchange')
    return [
      ...(step.deletes.length === 0 ? [] : [deleteRowsStatement(table, step.deletes)]),
      ...(step.inserts.length === 0 ? [] : [insertStatement(table, step.inserts)]),
    ]
  if (step.kind === 'move') return [moveStatement(table, step.key, step.row)]
  return [
    ...(step.deletes.length === 0 ? [] : [deleteStatement(table, step.deletes)]),
    ...step.updates.flatMap((rows) => updateStatements(table, rows)),
    ...(step.inserts.length === 0 ? [] : [insertStatement(table, step.inserts)]),
  ]
}

function tableOf(oid: number, tables: ReadonlyMap<number, TableThere>): TableThere {
  const table = tables.get(oid)
  if (table === undefined) throw new TypeError(`no table ${oid} is followed`)
  return table
}

/** `unnest($1::integer[], …) AS u(c0, …)`: one row for each change. Unqualified, because only so does it take several lists. */
function lists(columns: readonly ColumnThere[]): string {
  const parameters = columns.map(({ array }, index) => `$${index + 1}::${array ?? 'pg_catalog.text[]'}`)
  return `unnest(${parameters.join(', ')}) AS u(${columns.map((_, index) => `c${index}`).join(', ')})`
}

const placed = ({ array, type }: ColumnThere, index: number) =>
  array === null ? `u.c${index}::${type}` : `u.c${index}`

const textOf = (value: Row[number]): string | null => value ?? null

function transposed(rows: readonly Row[], places: readonly number[]): readonly (readonly (string | null)[])[] {
  return places.map((place) => rows.map((row) => textOf(row[place])))
}

function deleteStatement(table: TableThere, keys: readonly Key[]): Statement {
  const columns = table.key.map(({ place }) => columnAt(table, place))
  const text = `DELETE FROM ONLY ${table.name} AS t USING ${lists(columns)} WHERE ${matches(table, (at) => at)}`
  const values = columns.map((_, index) => keys.map((key) => key[index] ?? null))
  return { title: table.title, text, values, rows: keys.length }
}

/**
 * So many of the rows that are alike, whichever. Rows are compared by their text, which every type has; a row is found in one scan
 * for all of them.
 */
function deleteRowsStatement(table: TableThere, deletes: Exchange['deletes']): Statement {
  const { columns } = table
  const there = `ROW(${columns.map(({ name }) => `t.${quoteIdentifier(name)}`).join(', ')})::pg_catalog.text`
  const gone = `ROW(${columns.map(placed).join(', ')})::pg_catalog.text`
  const parameters = [...columns.map(({ array }) => array ?? 'pg_catalog.text[]'), 'pg_catalog.int4[]']
  const names = [...columns.map((_, index) => `c${index}`), 'copies']
  const text = `WITH w AS (
      SELECT ${gone} COLLATE pg_catalog."C" AS body, u.copies
        FROM unnest(${parameters.map((type, index) => `$${index + 1}::${type}`).join(', ')}) AS u(${names.join(', ')}))
    DELETE FROM ONLY ${table.name} WHERE ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
      SELECT f.place
        FROM (SELECT s.place, s.body, pg_catalog.row_number() OVER (PARTITION BY s.body) AS number
                FROM (SELECT t.ctid AS place, ${there} COLLATE pg_catalog."C" AS body FROM ONLY ${table.name} AS t) AS s
               WHERE s.body OPERATOR(pg_catalog.=) ANY (SELECT w.body FROM w)) AS f
        JOIN w ON w.body OPERATOR(pg_catalog.=) f.body AND f.number OPERATOR(pg_catalog.<=) w.copies))`
  const rows = deletes.map(({ row }) => row)
  const values = transposed(
    rows,
    columns.map((_, place) => place),
  )
  return {
    title: table.title,
    text,
    values: [...values, deletes.map(({ copies }) => String(copies))],
    rows: deletes.reduce((sum, { copies }) => sum + copies, 0),
  }
}

/** @param at which of the lists has the values of a column of the key */
function matches(table: TableThere, at: (index: number) => number): string {
  return table.key
    .map(({ place, equals }, index) => {
      const column = columnAt(table, place)
      return `t.${quoteIdentifier(column.name)} ${equals} ${placed(column, at(index))}`
    })
    .join(' AND ')
}

/** All rows have the same values unchanged. */
function updateStatements(table: TableThere, rows: readonly Row[]): readonly Statement[] {
  const inKey = new Set(table.key.map(({ place }) => place))
  const places = table.columns.flatMap((_, place) => (rows[0]?.[place] === undefined ? [] : [place]))
  const others = places.filter((place) => !inKey.has(place))
  const columns = places.map((place) => columnAt(table, place))
  const assigned = others.filter((place) => !columnAt(table, place).always)
  const kept = others.filter((place) => columnAt(table, place).always)
  const value = (place: number) => placed(columnAt(table, place), places.indexOf(place))
  const found = matches(table, (index) => places.indexOf(table.key[index]?.place ?? 0))
  const set = assigned.map((place) => `${quoteIdentifier(columnAt(table, place).name)} = ${value(place)}`)
  const update = (condition: string) =>
    `UPDATE ONLY ${table.name} AS t SET ${set.join(', ')} FROM ${lists(columns)} WHERE ${condition}`
  const statement = (text: string) => [
    { title: table.title, text, values: transposed(rows, places), rows: rows.length },
  ]
  if (kept.length === 0) return assigned.length === 0 ? [] : statement(update(found))
  const same = kept
    .map((place) => `t.${quoteIdentifier(columnAt(table, place).name)} OPERATOR(pg_catalog.=) ${value(place)}`)
    .join(' AND ')
  const changed =
    assigned.length === 0
      ? `SELECT 1 FROM ONLY ${table.name} AS t, ${lists(columns)} WHERE ${found} AND ${same}`
      : `${update(`${found} AND ${same}`)} RETURNING 1`
  return statement(
    `WITH changed AS (${changed}), gone AS (${takeOut(table, columns, `${found} AND NOT (${same})`, (place) => places.indexOf(place))}),
      made AS (${putBack(table)} RETURNING 1) SELECT 1 FROM changed UNION ALL SELECT 1 FROM made`,
  )
}

/**
 * GENERATED ALWAYS AS IDENTITY is set by INSERT alone: a row that gets another such value is deleted and inserted again in one
 * statement, with its own values where none is sent, which may be in TOAST.
 * @param at which of the lists has a column's new value; below zero: none
 */
function takeOut(
  table: TableThere,
  columns: readonly ColumnThere[],
  condition: string,
  at: (place: number) => number,
): string {
  const values = table.columns.map((column, place) => {
    const list = at(place)
    return `${list < 0 ? `t.${quoteIdentifier(column.name)}` : placed(column, list)} AS v${place}`
  })
  return `DELETE FROM ONLY ${table.name} AS t USING ${lists(columns)} WHERE ${condition} RETURNING ${values.join(', ')}`
}

function putBack(table: TableThere): string {
  const names = table.columns.map(({ name }) => quoteIdentifier(name))
  return `INSERT INTO ${table.name} (${names.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${table.columns.map((_, place) => `v${place}`).join(', ')} FROM gone`
}

function insertStatement(table: TableThere, rows: readonly Row[]): Statement {
  const names = table.columns.map(({ name }) => quoteIdentifier(name))
  const values = table.columns.map((column, index) => placed(column, index))
  const text = `INSERT INTO ${table.name} (${names.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${values.join(', ')} FROM ${lists(table.columns)}`
  const places = table.columns.map((_, place) => place)
  return { title: table.title, text, values: transposed(rows, places), rows: rows.length }
}

/** A row that gets another key. What is unchanged stays: deleted and inserted again, it would lose its TOAST. */
function moveStatement(table: TableThere, key: Key, row: Row): Statement {
  const places = table.columns.flatMap((_, place) => (row[place] === undefined ? [] : [place]))
  const columns = [...places, ...table.key.map(({ place }) => place)].map((place) => columnAt(table, place))
  const set = places.map(
    (place, index) => `${quoteIdentifier(columnAt(table, place).name)} = ${placed(columnAt(table, place), index)}`,
  )
  const where = matches(table, (index) => places.length + index)
  const text = places.some((place) => columnAt(table, place).always)
    ? `WITH gone AS (${takeOut(table, columns, where, (place) => places.indexOf(place))}) ${putBack(table)}`
    : `UPDATE ONLY ${table.name} AS t SET ${set.join(', ')} FROM ${lists(columns)} WHERE ${where}`
  const values = [...places.map((place) => [textOf(row[place])]), ...key.map((value) => [value])]
  return { title: table.title, text, values, rows: 1 }
}

function columnAt(table: TableThere, place: number): ColumnThere {
  const column = table.columns[place]
  if (column === undefined) throw new TypeError(`${table.title} has no column ${place}`)
  return column
}
