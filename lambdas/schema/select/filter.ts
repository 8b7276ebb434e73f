import { SampanError } from '../../runtime/errors.ts'
import { matchesTablePattern, parseTablePattern, type TablePattern } from '../../task/pattern.ts'
import { relationKinds } from '../plan/kinds.ts'
import type { TocEntry } from '../toc/entry.ts'

/** The patterns of one database of the task, with the questions that selecting asks. */
export interface Filter {
  /** `*.*` is among the included: what lies outside of schemas comes too. */
  readonly everything: boolean
  includes(schema: string, name: string): boolean
  excludes(schema: string, name: string): boolean
  includesSchema(schema: string): boolean
  excludesSchema(schema: string): boolean
}

/**
 * @throws SampanError `FILTER_MATCHES_NOTHING`, naming every pattern that matches nothing: a typing error must not lose data
 */
export function readFilter(
  include: readonly string[],
  exclude: readonly string[],
  entries: readonly TocEntry[],
): Filter {
  const included = include.map(parse)
  const excluded = exclude.map(parse)
  const empty = [...included, ...excluded].filter(({ pattern }) => !matchesSomething(pattern, entries))
  if (empty.length > 0) {
    throw new SampanError({
      code: 'FILTER_MATCHES_NOTHING',
      message: `no table, view or sequence of the source matches ${empty.map(({ text }) => text).join(', ')}`,
      remedy: 'mend or remove these patterns in the task; upper and lower case are compared as written',
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
  }
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

function matchesSomething(pattern: TablePattern, entries: readonly TocEntry[]): boolean {
  if (isEverything(pattern)) return true
  return entries.some(({ kind, schema, tag }) => {
    if (relationKinds.has(kind) && schema !== null) {
      if (matchesTablePattern(pattern, schema, tag)) return true
    }
    // A schema without tables may still have functions and types.
    const within = kind === 'SCHEMA' ? tag : schema
    return pattern.table === '*' && within !== null && matchesTablePattern(pattern, within, '')
  })
}
