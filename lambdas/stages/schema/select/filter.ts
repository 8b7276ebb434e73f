import { isNamedBy } from '../../../core/filter/filtered.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { type ExcludedObject, excludedText, matchesObject } from '../../../core/task/excluded-object.ts'
import { matchesTablePattern, parseTablePattern, type TablePattern } from '../../../core/task/pattern.ts'
import { kindedObject } from '../../../core/task/select/kinded-object.ts'
import type { Filter } from '../../../core/task/select/select.ts'
import { dataKinds, relationKinds } from '../../../core/task/select/selectable.ts'
import type { TableName } from '../../../core/task/table-options.ts'
import type { TocEntry } from '../toc/entry.ts'

export interface ArchiveFilter extends Filter {
  readonly excludesLargeObjects: boolean
}

/**
 * @throws SampanError `FILTER_MATCHES_NOTHING`, naming every pattern that matches nothing: a typing error must not lose data
 */
export function readFilter(
  include: readonly string[],
  exclude: readonly (string | ExcludedObject)[],
  entries: readonly TocEntry[],
): ArchiveFilter {
  const included = include.map(parse)
  const excluded = exclude.filter((one) => typeof one === 'string').map(parse)
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const byKind = exclude
    .filter((one) => typeof one !== 'string')
    .map((one) => ({ text: excludedText(one), kind: one.kind, ids: idsOf(one, entries, byId) }))
  const objects = new Set(byKind.flatMap(({ ids }) => ids))
  const empty = [
    ...[...included, ...excluded].filter(({ pattern }) => !matchesSomething(pattern, entries)),
    // A schema-only archive does not say whether there are large objects.
    ...byKind.filter(({ kind, ids }) => kind !== LARGE_OBJECTS && ids.length === 0),
  ]
  if (empty.length > 0) {
    throw new SampanError({
      code: 'FILTER_MATCHES_NOTHING',
      message: `nothing of the source matches ${empty.map(({ text }) => text).join(', ')}`,
      remedy: 'mend or remove these patterns in the task; upper and lower case are compared as written',
    })
  }
  const contradicted = included.filter(({ pattern }) => !isLeftBy(pattern, excluded, entries))
  if (contradicted.length > 0) {
    throw new SampanError({
      code: 'FILTER_MATCHES_NOTHING',
      message: `all that ${contradicted.map(({ text }) => text).join(', ')} of "include" names is excluded again`,
      remedy: 'take the pattern out of one of the two lists in the task',
    })
  }
  const whole = ({ pattern }: Parsed) => pattern.table === '*'
  const matches = (patterns: readonly Parsed[], schema: string, name: string) =>
    patterns.some(({ pattern }) => matchesTablePattern(pattern, schema, name))
  return {
    everything: included.some(({ pattern }) => isEverything(pattern)),
    includes: (schema, name) => matches(included, schema, name),
    excludes: (schema, name) => matches(excluded, schema, name),
    includesSchema: (schema) => matches(included.filter(whole), schema, ''),
    excludesSchema: (schema) => matches(excluded.filter(whole), schema, ''),
    excludesObject: ({ id }) => objects.has(id),
    excludesLargeObjects: byKind.some(({ kind }) => kind === LARGE_OBJECTS),
  }
}

/**
 * A name of no table that comes would be a typing error: all rows of another one would come, as they are.
 * @param entries those that the selection chooses
 * @throws SampanError `FILTER_MATCHES_NOTHING`
 */
export function requireNamesUsed(names: readonly TableName[], entries: readonly TocEntry[]): void {
  const tables = entries.filter(({ kind }) => kind === 'TABLE')
  const unused = names.filter(
    (one) => !tables.some(({ schema, tag }) => isNamedBy(one, { schema: schema ?? '', name: tag })),
  )
  if (unused.length === 0) return
  throw new SampanError({
    code: 'FILTER_MATCHES_NOTHING',
    message: `no table that is migrated is named by ${unused.map(({ name }) => name).join(', ')} of "tables"`,
    remedy: 'mend or remove these names in the task; upper and lower case are compared as written',
  })
}

const LARGE_OBJECTS = 'LARGE OBJECTS'

/** What is said about large objects goes with them. */
function idsOf(
  excluded: ExcludedObject,
  entries: readonly TocEntry[],
  byId: ReadonlyMap<number, TocEntry>,
): readonly number[] {
  const named = ({ kind, tag }: TocEntry) => {
    return excluded.kind === LARGE_OBJECTS && tag.startsWith('LARGE OBJECT ') && (kind === 'ACL' || kind === 'COMMENT')
  }
  return entries
    .filter((entry) => {
      const object = kindedObject(entry, byId)
      return named(entry) || (object !== null && matchesObject(excluded, object))
    })
    .map(({ id }) => id)
}

interface Parsed {
  readonly text: string
  readonly pattern: TablePattern
}

function parse(text: string): Parsed {
  const pattern = parseTablePattern(text)
  if (pattern === null) throw new RangeError(`${text} is no pattern`)
  return { text, pattern }
}

function isEverything({ schema, table }: TablePattern): boolean {
  return schema === '*' && table === '*'
}

/** Does something of what the pattern names come, whatever is excluded? Nothing there to be named is none of its faults. */
function isLeftBy(pattern: TablePattern, excluded: readonly Parsed[], entries: readonly TocEntry[]): boolean {
  const relations = entries.filter(
    ({ kind, schema, tag }) => relationKinds.has(kind) && schema !== null && matchesTablePattern(pattern, schema, tag),
  )
  const schemas =
    pattern.table === '*'
      ? entries.filter(({ kind, tag }) => kind === 'SCHEMA' && matchesTablePattern(pattern, tag, ''))
      : []
  if (relations.length + schemas.length === 0) return true
  const wholes = excluded.filter((one) => one.pattern.table === '*')
  return (
    relations.some(({ schema, tag }) => !excluded.some((one) => matchesTablePattern(one.pattern, schema ?? '', tag))) ||
    schemas.some(({ tag }) => !wholes.some((one) => matchesTablePattern(one.pattern, tag, '')))
  )
}

function matchesSomething(pattern: TablePattern, entries: readonly TocEntry[]): boolean {
  if (isEverything(pattern)) return true
  return entries.some(({ kind, schema, tag }) => {
    if ((relationKinds.has(kind) || dataKinds.has(kind)) && schema !== null) {
      if (matchesTablePattern(pattern, schema, tag)) return true
    }
    // A schema without tables may still have functions and types.
    const within = kind === 'SCHEMA' ? tag : schema
    return pattern.table === '*' && within !== null && matchesTablePattern(pattern, within, '')
  })
}
