import type { TocEntry } from '../toc/entry.ts'
import { withReadableMarks } from './cycle-marks.ts'
import { splitList } from './statements.ts'

/** NOT NULL as a constraint of the table, with a name and inheritance of its own, came with 18. */
const NOT_NULL_CONSTRAINTS = 180_000

/** Sequences may be unlogged, or logged where their table is not, from 15 on. */
const UNLOGGED_SEQUENCES = 150_000

const HEAD = /^CREATE (?<type>UNLOGGED TABLE|TABLE|FOREIGN TABLE) (?<name>[^\s("]*(?:"(?:[^"]|"")*"[^\s("]*)*) \($/m

/** pg_dump's form for a column that only the parent writes out; no name, as no server before 18 keeps one. */
const NOT_NULL = /^NOT NULL (?<column>[^\s"]+|"(?:[^"]|"")*")$/

const LOGGED = /^(\s*SEQUENCE NAME .*\n)\s*LOGGED\n/m

/**
 * The same in words that the destination’s version reads. pg_dump writes for servers of its own version; what it writes of an
 * older source in newer words, whatever that source is, is no more than this: tried with sources of 10 to 17 on every later
 * version. One thing that it repeats as the source prints it no server reads.
 */
export function inOlderSyntax(written: TocEntry, destinationVersion: number): TocEntry {
  const entry = { ...written, sql: withReadableMarks(written.sql) }
  if (destinationVersion < NOT_NULL_CONSTRAINTS && (entry.kind === 'TABLE' || entry.kind === 'FOREIGN TABLE')) {
    return { ...entry, sql: withoutNotNullItems(entry.sql) }
  }
  if (destinationVersion < UNLOGGED_SEQUENCES && entry.kind === 'SEQUENCE') {
    return { ...entry, sql: entry.sql.replace(LOGGED, '$1') }
  }
  return entry
}

/** `CREATE TABLE child (NOT NULL id) INHERITS (parent)`: the constraint follows the table, as pg_dump wrote it before. */
function withoutNotNullItems(sql: string): string {
  const head = HEAD.exec(sql)
  if (head?.groups === undefined) return sql
  const { type, name } = head.groups
  const start = head.index + head[0].length
  const list = splitList(sql, start)
  const columns = list.items.flatMap((item) => NOT_NULL.exec(item)?.groups?.column ?? [])
  if (columns.length === 0) return sql
  const kept = list.items.filter((item) => !NOT_NULL.test(item)).map((item) => `\n    ${item}`)
  const alter = type === 'FOREIGN TABLE' ? 'ALTER FOREIGN TABLE ONLY' : 'ALTER TABLE ONLY'
  const after = columns.map((column) => `${alter} ${name} ALTER COLUMN ${column} SET NOT NULL;\n`)
  return `${sql.slice(0, start)}${kept.join(',')}\n${sql.slice(list.end)}\n${after.join('')}`
}
