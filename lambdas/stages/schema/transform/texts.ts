import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import type { Renames } from '../../../core/names/renames.ts'
import { schemaThere } from '../../../core/names/renames.ts'
import { quoteIdentifier, quoteQualified, unquoteIdentifier } from '../../../core/postgres/identifiers.ts'
import type { DefaultSetting } from '../plan/refresh.ts'
import { refreshSql } from '../plan/refresh.ts'
import { policyAsFor } from '../plan/rights/policies.ts'
import { splitStatements } from '../plan/statements.ts'
import { PG_CLASS } from '../toc/catalogue-oids.ts'
import type { TocEntry } from '../toc/entry.ts'
import { type Following, leavesNothing } from './follow.ts'
import { indexOutside, nameInDrop, restOfComment, targetOfComment } from './statement-parts.ts'

/** What of an entry has its names in it. */
export type NamedParts = Pick<TocEntry, 'schema' | 'tag' | 'sql' | 'dropSql'>

/**
 * The texts of all entries of a plan that are other ones under the new names: those of the scratch as pg_dump writes them there; of rights,
 * schemas, event triggers and what is done with rows the source’s, in which one name is put for another. Pure.
 * @param entries the source’s, by the numbers of the plan
 */
export function textsThere(
  entries: readonly TocEntry[],
  renames: Renames,
  { found }: Following,
  settings: readonly DefaultSetting[],
): ReadonlyMap<number, NamedParts> {
  const texts = new Map<number, NamedParts>()
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  for (const [id, { before, after }] of found) {
    const entry = byId.get(id)
    if (entry === undefined || sameParts(before, after)) continue
    const { schema, tag, dropSql } = after
    texts.set(id, { schema, tag, sql: sqlThere(entry, after), dropSql })
  }
  for (const entry of entries) if (entry.kind === 'SCHEMA') put(texts, entry, schemaText(entry, renames))
  for (const entry of entries) put(texts, entry, textOf(entry, { renames, texts, byId, settings }))
  return texts
}

/** Of the scratch, with what that has otherwise: comments, and the roles of policies. */
function sqlThere(entry: TocEntry, after: TocEntry): string {
  if (entry.kind === 'COMMENT') return commentSql(entry, after)
  return entry.kind === 'POLICY' ? policyAsFor(after.sql, entry.sql) : after.sql
}

function commentSql(entry: TocEntry, after: TocEntry): string {
  return `${targetOfComment(after.sql)}${restOfComment(entry.sql)}`
}

function put(texts: Map<number, NamedParts>, entry: TocEntry, text: NamedParts | null): void {
  if (text !== null && !sameParts(entry, text)) texts.set(entry.id, text)
}

function sameParts(one: NamedParts, other: NamedParts): boolean {
  return one.sql === other.sql && one.dropSql === other.dropSql && one.schema === other.schema && one.tag === other.tag
}

interface Surroundings {
  readonly renames: Renames
  readonly texts: ReadonlyMap<number, NamedParts>
  readonly byId: ReadonlyMap<number, TocEntry>
  readonly settings: readonly DefaultSetting[]
}

function schemaText(entry: TocEntry, renames: Renames): NamedParts | null {
  const to = schemaThere(renames, entry.tag)
  if (to === entry.tag) return null
  const name = quoteIdentifier(to)
  return { schema: null, tag: to, sql: `CREATE SCHEMA ${name};\n`, dropSql: `DROP SCHEMA ${name};\n` }
}

/** null for what has no such text. */
function textOf(entry: TocEntry, around: Surroundings): NamedParts | null {
  switch (entry.kind) {
    case 'ACL':
      return rightsText(entry, around)
    case 'COMMENT':
      return emptiedText(entry, around)
    case 'DEFAULT ACL':
    case 'PUBLICATION TABLES IN SCHEMA':
      return inSchemaText(entry, around)
    case 'EVENT TRIGGER':
      return eventTriggerText(entry, around)
    case 'MATERIALIZED VIEW DATA': {
      const there = around.renames.relations.get(entry.oid)
      if (there === undefined) return null
      const { schema, name } = there.to
      return { schema, tag: name, sql: refreshSql(quoteQualified(schema, name), around.settings), dropSql: '' }
    }
    case 'DEFAULT':
      return leavesNothing(entry.kind, entry.sql) ? defaultTakenText(entry, around) : null
    default:
      return null
  }
}

/** What is said of a schema that is emptied is said of the one that stands for it. */
function emptiedText(entry: TocEntry, { renames, byId }: Surroundings): NamedParts | null {
  const schema = entry.dependencies.map((id) => byId.get(id)).find((one) => one?.kind === 'SCHEMA')
  const to = renames.emptied.get(schema?.tag ?? '')
  if (to === undefined || entry.tag !== `SCHEMA ${schema?.tag}`) return null
  return { ...entry, tag: `SCHEMA ${to}`, sql: `COMMENT ON SCHEMA ${quoteIdentifier(to)}${restOfComment(entry.sql)}` }
}

/** `GRANT SELECT(a) ON TABLE b.c TO d`: the columns, and the name behind the kind. */
function rightsText(entry: TocEntry, { renames, texts, byId }: Surroundings): NamedParts | null {
  const bearer = entry.dependencies.map((id) => byId.get(id)).find((one) => one !== undefined)
  const there = texts.get(bearer?.id ?? -1)
  if (bearer === undefined || there === undefined) return null
  const columns = bearer.catalogOid === PG_CLASS ? renames.relations.get(bearer.oid)?.columns : undefined
  const name = nameForRights(bearer.kind, there)
  const sql = splitStatements(entry.sql)
    .map((statement) => `${withName(statement, name, columns)};\n`)
    .join('')
  return {
    schema: bearer.kind === 'SCHEMA' ? null : there.schema,
    tag: tagOfRights(entry, bearer, there, columns),
    sql,
    dropSql: '',
  }
}

/** GRANT calls an aggregate a function, and knows it by the arguments alone. */
function nameForRights(kind: string, { tag, dropSql }: NamedParts): string {
  if (kind === 'SCHEMA') return quoteIdentifier(tag)
  const name = nameInDrop(dropSql)?.name ?? quoteIdentifier(tag)
  if (kind !== 'AGGREGATE') return name
  return name
    .replace(/\(\*\)$/, '()')
    .replace(/ ORDER BY /, ', ')
    .replace(/\(, /, '(')
}

function withName(statement: string, name: string, columns: ReadonlyMap<string, string> | undefined): string {
  const on = indexOutside(statement, ' ON ')
  if (on < 0 || !/^(GRANT|REVOKE) /.test(statement)) return statement
  const kind = KIND.exec(statement.slice(on))?.[0] ?? ' ON '
  const rest = statement.slice(on + kind.length)
  const ends = [indexOutside(rest, ' TO '), indexOutside(rest, ' FROM ')].filter((at) => at >= 0)
  const privileges = statement.slice(0, on).replace(IN_PARENTHESES, (all: string, written: string) => {
    const to = columns?.get(unquoteIdentifier(written))
    return to === undefined ? all : `(${quoteIdentifier(to)})`
  })
  return privileges + kind + name + rest.slice(Math.min(...ends))
}

const KIND = /^ ON (?:(?:FOREIGN DATA WRAPPER|FOREIGN SERVER|[A-Z]+) )?/
const IN_PARENTHESES = /\(("(?:[^"]|"")+"|[^")]+)\)/g

/** `TABLE orders`, `COLUMN orders.id` */
function tagOfRights(
  { tag }: TocEntry,
  bearer: TocEntry,
  there: NamedParts,
  columns: ReadonlyMap<string, string> | undefined,
): string {
  if (tag.endsWith(` ${bearer.tag}`)) return tag.slice(0, -bearer.tag.length) + there.tag
  const head = `COLUMN ${written(bearer.tag)}.`
  if (!tag.startsWith(head)) return tag
  const column = unquoteIdentifier(tag.slice(head.length))
  return `COLUMN ${written(there.tag)}.${written(columns?.get(column) ?? column)}`
}

/** As pg_dump writes it, but for keywords. */
function written(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name)
}

/** The one schema that the statement is about. */
function inSchemaText(entry: TocEntry, { renames }: Surroundings): NamedParts | null {
  if (entry.schema === null) return null
  const to = schemaThere(renames, entry.schema)
  if (to === entry.schema) return null
  const change = (sql: string) =>
    splitStatements(sql)
      .map((statement) => {
        const at = indexOutside(statement, ' IN SCHEMA ')
        if (at < 0) return `${statement};\n`
        const from = at + ' IN SCHEMA '.length
        const written = /^(?:"(?:[^"]|"")+"|[^\s;]+)/.exec(statement.slice(from))?.[0] ?? ''
        return `${statement.slice(0, from)}${quoteIdentifier(to)}${statement.slice(from + written.length)};\n`
      })
      .join('')
  const tag = entry.tag.endsWith(` ${entry.schema}`) ? entry.tag.slice(0, -entry.schema.length) + to : entry.tag
  return { schema: to, tag, sql: change(entry.sql), dropSql: change(entry.dropSql) }
}

function eventTriggerText(entry: TocEntry, { texts, byId }: Surroundings): NamedParts | null {
  const called = entry.dependencies.map((id) => byId.get(id)).find((one) => one?.kind === 'FUNCTION')
  const name = nameInDrop(texts.get(called?.id ?? -1)?.dropSql ?? '')?.name
  const at = indexOutside(entry.sql, 'EXECUTE FUNCTION ')
  if (name === undefined || at < 0) return null
  const from = at + 'EXECUTE FUNCTION '.length
  const end = from + indexOutside(entry.sql.slice(from), ';')
  return { ...entry, sql: entry.sql.slice(0, from) + name + entry.sql.slice(end) }
}

function defaultTakenText(entry: TocEntry, { renames, byId }: Surroundings): NamedParts | null {
  const table = entry.dependencies.map((id) => byId.get(id)).find((one) => one?.catalogOid === PG_CLASS)
  const there = table === undefined ? undefined : renames.relations.get(table.oid)
  if (table === undefined || there === undefined) return null
  const { schema, name } = there.to
  const column = entry.tag.slice(table.tag.length + 1)
  const to = there.columns.get(column) ?? column
  const sql = `ALTER TABLE ONLY ${quoteQualified(schema, name)} ALTER COLUMN ${quoteIdentifier(to)} SET DEFAULT NULL;\n`
  return { schema, tag: `${name} ${to}`, sql, dropSql: '' }
}

/** Names for people of objects that a scratch does not know. */
export function namesOf(objects: readonly Pick<PlannedObject, 'kind' | 'schema' | 'name'>[]): readonly string[] {
  return objects.map(({ kind, schema, name }) => `${kind.toLowerCase()} ${schema === null ? '' : `${schema}.`}${name}`)
}
