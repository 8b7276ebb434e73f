import { withoutKeywordQuotes } from '../../lambdas/core/postgres/identifiers.ts'
import type { Environment } from '../../lambdas/core/runtime/environment.ts'
import { toSampanError } from '../../lambdas/core/runtime/errors.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { dumpObjects } from '../../lambdas/stages/schema/pgdump/dump-objects.ts'
import type { TocEntry } from '../../lambdas/stages/schema/toc/entry.ts'
import { readArchive } from '../../lambdas/stages/schema/toc/read.ts'
import type { ComparedObject } from './document.ts'
import type { Scope } from './scope.ts'

/** Rights and owners are judged by Seal, against what the plan made of them; data is compared elsewhere. */
const NOT_COMPARED =
  /^(ACL|DEFAULT ACL|SEQUENCE SET|.*DATA|ENCODING|STDSTRINGS|SEARCHPATH|DATABASE.*|BLOB.*|SHELL TYPE)$/

/** What the server prints of its own parse tree, in other words from one major version to the next. */
const DEPARSED = /^(VIEW|MATERIALIZED VIEW|RULE|POLICY|DEFAULT|CHECK CONSTRAINT|STATISTICS|TABLE|TRIGGER)$/

/** The ledger's, and initdb's own: whether pg_dump writes that depends on its owner, who is another one from 15 on. */
const OWN_SCHEMAS = /^SCHEMA (sampan|public)$/

/** Whose definitions follow names that PostgreSQL gives them: a run makes them in a scratch database, and a comparison writes nothing. */
export const RENAMED = 'the task gives other names or leaves columns out; rows and sequences are compared under them'

export interface StructureComparison {
  /** Why it could not be compared. */
  readonly why: string | null
  readonly compared: number
  readonly objects: readonly ComparedObject[]
}

/** The objects of both ends as the same pg_dump writes them: what the task takes of the source, and all of the destination. */
export async function compareStructure(
  event: StepEvent,
  environment: Environment,
  scope: Scope,
  signal: AbortSignal,
  sameMajor: boolean,
): Promise<StructureComparison> {
  if (scope.renames !== null) return { why: RENAMED, compared: 0, objects: [] }
  try {
    const tools = { environment, signal, timeout: () => 600_000, side: 'destination' } as const
    const { entries } = readArchive((await dumpObjects(event, tools)).archive)
    const found = compareEntries(scope, entries, sameMajor)
    const objects = scope.everything ? found.objects : found.objects.filter(({ what }) => what !== 'surplus')
    return { why: null, compared: found.compared, objects }
  } catch (thrown) {
    const error = toSampanError(thrown)
    if (error.kind === 'connection' || signal.aborted) throw error
    return { why: `the destination’s objects could not be read (${error.code})`, compared: 0, objects: [] }
  }
}

/** Objects that the plan leaves out are nobody’s difference. Pure. */
export function compareEntries(
  { entries, objects: planned }: Pick<Scope, 'entries' | 'objects'>,
  entriesThere: readonly TocEntry[],
  sameMajor: boolean,
): Omit<StructureComparison, 'why'> {
  const [all, destination] = [entries, entriesThere].map((some) => (sameMajor ? some : some.map(quotedAlike))) as [
    readonly TocEntry[],
    readonly TocEntry[],
  ]
  const left = new Set(planned.filter(({ verdict }) => verdict === 'skip').map(({ id }) => id))
  const source = all.filter(({ id }) => !left.has(id))
  const skipped = byName(all.filter(({ id }) => left.has(id)))
  const here = byName(source)
  const there = byName(destination)
  const transformed = new Set(planned.filter(({ verdict }) => verdict === 'transform').map(({ id }) => id))
  const rewritten = all.filter(({ id }) => transformed.has(id)).flatMap(publicationOf)
  const isRewritten = (entry: TocEntry) =>
    MEMBER.test(entry.kind) && rewritten.some((name) => entry.tag.startsWith(`${name} `))
  const objects = [...new Set([...here.keys(), ...there.keys()])].flatMap((name): ComparedObject[] => {
    const [left, right] = [here.get(name), there.get(name)]
    const { kind, schema, tag } = left ?? right ?? { kind: '', schema: null, tag: '' }
    const told = (what: ComparedObject['what']) => [{ what, kind, schema, name: tag }]
    const only = left ?? right
    if ((left === undefined || right === undefined) && only && isRewritten(only)) return told('unclear')
    if (left === undefined) return skipped.has(name) ? [] : told('surplus')
    if (right === undefined) return told('missing')
    if (left.sql === right.sql || (!sameMajor && isSameOfAnother(left, right))) return []
    if (transformed.has(left.id)) return told('unclear')
    return told(!sameMajor && DEPARSED.test(kind) && shapeOf(left) === shapeOf(right) ? 'unclear' : 'different')
  })
  return { compared: here.size, objects: objects.sort(byText) }
}

/** What a publication has, each tagged by its name and that of a table or schema. */
const MEMBER = /^PUBLICATION TABLE/

/** The publication of which the plan writes this: what it has stands there under other names, tables in place of their schema and the like. */
function publicationOf({ kind, tag, schema }: TocEntry): string[] {
  if (kind === 'PUBLICATION') return [tag]
  return kind === 'PUBLICATION TABLES IN SCHEMA' ? [tag.slice(0, -1 - (schema ?? '').length)] : []
}

/** Literals, in which quotes are the user's, and quoted names. */
const QUOTED = /(\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)[\s\S]*?\1|'(?:[^']|'')*'|"(?:[^"]|"")*"/g

/** Each server quotes the key words of its own version in the types that it writes, in a function's tag as well. */
function quotedAlike(entry: TocEntry): TocEntry {
  const sql = entry.sql.replaceAll(QUOTED, (token) => (token.startsWith('"') ? withoutKeywordQuotes(token) : token))
  return { ...entry, sql, tag: entry.tag.includes('(') ? withoutKeywordQuotes(entry.tag) : entry.tag }
}

const OF_MULTIRANGE = /,\n {4}multirange_type_name = .*?(?=,?\n)/

/** Whether two definitions differ by nothing but a version's own words: those of triggers changed with 11, multiranges came with 14. */
function isSameOfAnother(one: TocEntry, other: TocEntry): boolean {
  if (one.kind === 'TRIGGER') return wordsOf11(one.sql) === wordsOf11(other.sql)
  const all = [one, other]
  if (one.kind !== 'TYPE' || all.every(({ sql }) => OF_MULTIRANGE.test(sql))) return false
  return new Set(all.map(({ sql }) => sql.replace(OF_MULTIRANGE, ''))).size === 1
}

function wordsOf11(sql: string): string {
  return sql.replaceAll(' EXECUTE PROCEDURE ', ' EXECUTE FUNCTION ')
}

/** A column's name and type, without what follows them: defaults, checks and the like are printed of a parse tree. */
const COLUMN = /^ {4}((?:"(?:[^"]|"")+"|\w+) .+?)(?= (?:DEFAULT|NOT NULL|GENERATED|COLLATE|CONSTRAINT|CHECK)\b|,?$)/

/** It stands at the end of its line, behind what is printed of a parse tree; the constraint's name is not judged. */
const NOT_NULL = / NOT NULL(?: NO INHERIT)?(?: COLLATE \S+)?,?$/

/**
 * Of a table all of its statement that no parse tree is printed in: its kind, its columns with their types and NOT NULL, its parents, its
 * partitioning and its options. Of a trigger all but its condition. Of everything else the text is all there is.
 */
function shapeOf({ kind, sql }: TocEntry): string {
  if (kind === 'TRIGGER') return wordsOf11(sql).replace(/ WHEN \(.*\) EXECUTE /s, ' EXECUTE ')
  if (kind !== 'TABLE') return ''
  const [head = '', ...lines] = sql.trim().split('\n')
  const end = lines.findIndex((line) => line.startsWith(')'))
  const tail = end === -1 ? [] : statementEnd(lines.slice(end))
  // Whether a child's NOT NULL is its parent's is known from 18 on alone.
  const isChild = tail.some((line) => line.startsWith('INHERITS'))
  const columns = (end === -1 ? lines : lines.slice(0, end)).map((line) => {
    const isRequired = !isChild && NOT_NULL.test(line)
    return `${COLUMN.exec(line)?.[1] ?? ''}${isRequired ? ' NOT NULL' : ''}`
  })
  return [head, ...columns, ...tail].join('\n')
}

/** A key that is an expression is printed of its parse tree. */
function statementEnd(lines: readonly string[]): readonly string[] {
  const last = lines.findIndex((line) => line.endsWith(';'))
  return lines
    .slice(0, last === -1 ? lines.length : last + 1)
    .map((line) => line.replace(/^(PARTITION BY \w+) \(.*\(.*$/, '$1'))
}

function byName(entries: readonly TocEntry[]): Map<string, TocEntry> {
  const own = entries.filter(({ kind, schema, tag, sql }) => {
    return sql.trim() !== '' && !NOT_COMPARED.test(kind) && schema !== 'sampan' && !OWN_SCHEMAS.test(`${kind} ${tag}`)
  })
  return new Map(own.map((entry) => [`${entry.kind}\0${entry.schema}\0${entry.tag}`, entry]))
}

function byText(one: ComparedObject, other: ComparedObject): number {
  const text = ({ kind, schema, name }: ComparedObject) => `${kind} ${schema} ${name}`
  return text(one) < text(other) ? -1 : 1
}
