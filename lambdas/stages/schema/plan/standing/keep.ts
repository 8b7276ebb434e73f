import { stays } from '../../../../core/existing/meetings.ts'
import type { PlannedObject } from '../../../../core/ledger/objects/planned.ts'
import { quoteLiteral, quoteQualified } from '../../../../core/postgres/identifiers.ts'
import { remarkKinds } from '../../../../core/task/select/selectable.ts'
import type { TocEntry } from '../../toc/entry.ts'
import type { EntryVerdict } from '../verdict.ts'
import { keyOf, type Standing } from './kept.ts'

/** What lies upon a table, and is named by the table's name and its own. */
const uponTables: ReadonlySet<string> = new Set([
  'CHECK CONSTRAINT',
  'CONSTRAINT',
  'DEFAULT',
  'FK CONSTRAINT',
  'POLICY',
  'ROW SECURITY',
  'RULE',
  'TRIGGER',
])

/** What says of several objects how they belong together: nothing is said where one of them stands there already. */
const ties: ReadonlySet<string> = new Set(['INDEX ATTACH', 'SEQUENCE OWNED BY', 'TABLE ATTACH'])

/**
 * What becomes of entries that stand on the destination already: tables that the task keeps, what lies upon them, and what they cannot be
 * without. It stays as it is; what the destination's table lacks is not made. Pure.
 * @returns by the entry's number; no verdict for what does not stand there
 */
export function keepStanding(entries: readonly TocEntry[], standing: Standing): ReadonlyMap<number, EntryVerdict> {
  const kept = standing.meetings.filter(stays)
  const met = new Map(kept.map((meeting) => [meeting.source.oid, meeting]))
  const tables = new Map(
    entries.flatMap((entry) => {
      const meeting = entry.kind === 'TABLE' ? met.get(entry.oid) : undefined
      return meeting === undefined ? [] : [[entry.id, { entry, meeting }] as const]
    }),
  )
  const verdicts = new Map<number, EntryVerdict>()
  for (const [id, { meeting }] of tables) {
    const { schema, name } = meeting.there
    const emptied = standing.emptying.get(meeting.source.oid)
    // Nothing is done to it here, and its receipt asks that it is there.
    const sql = emptied ?? `SELECT ${quoteLiteral(quoteQualified(schema, name))}::pg_catalog.regclass;\n`
    verdicts.set(id, {
      verdict: 'transform',
      sql,
      reason: whatBecomesOf[meeting.mode],
    })
  }
  const present = (kind: string, schema: string | null, name: string) =>
    standing.present.has(keyOf({ kind, schema, name }))
  for (const entry of entries) {
    if (verdicts.has(entry.id)) continue
    const owner = ownerOf(entry, tables)
    const named = { kind: entry.kind, schema: standing.schemaThere(entry.schema ?? ''), name: entry.tag }
    if (owner !== null) {
      const { schema, name } = owner.meeting.there
      const rest = uponTables.has(entry.kind) ? entry.tag.slice(owner.entry.tag.length) : null
      const tag = rest === null ? entry.tag : `${name}${rest}`
      verdicts.set(entry.id, present(entry.kind, schema, tag) ? standsAlready : lacking)
    } else if (standing.needed.has(keyOf(named)) && present(entry.kind, named.schema, named.name)) {
      verdicts.set(entry.id, standsAlready)
    } else if (ties.has(entry.kind) && entry.dependencies.some((id) => verdicts.has(id))) {
      verdicts.set(entry.id, standsAlready)
    } else if (standing.rowsAlone) {
      const stands = entry.kind === 'SEQUENCE' && present(entry.kind, named.schema, named.name)
      verdicts.set(entry.id, stands ? standsAlready : rowsAlone)
    } else if (remarkKinds.has(entry.kind) && verdicts.has(entry.dependencies[0] ?? -1)) {
      verdicts.set(entry.id, {
        verdict: 'skip',
        reason: 'what it is said of stands on the destination, and stays as it is',
      })
    }
  }
  return verdicts
}

interface Table {
  readonly entry: TocEntry
  readonly meeting: Standing['meetings'][number]
}

const whatBecomesOf: Readonly<Record<Standing['meetings'][number]['mode'], string>> = {
  fill: 'it stands on the destination, and is filled',
  ignore: 'it stands on the destination, and stays with its rows: those of the source come whose key is not there',
  truncate: 'it stands on the destination: its rows go, the table stays',
  replace: 'it stands on the destination, and is made anew',
}
const standsAlready: EntryVerdict = {
  verdict: 'transform',
  sql: '',
  reason: 'it stands on the destination, and stays as it is',
}
const rowsAlone: EntryVerdict = { verdict: 'skip', reason: 'the task brings rows alone, into what stands there' }
const lacking = {
  verdict: 'skip',
  reason: 'its table stands on the destination without it, and stays as it is',
} as const

/** What the source’s tables have, and those that stand there have not: for people. */
export function lackingThere(
  objects: readonly Pick<PlannedObject, 'kind' | 'name' | 'schema' | 'reason'>[],
): readonly string[] {
  return objects
    .filter(({ reason }) => reason === lacking.reason)
    .map(({ kind, schema, name }) => `${kind} ${schema === null ? '' : `${schema}.`}${name}`)
}

/** The kept table that an entry lies upon. */
function ownerOf(entry: TocEntry, tables: ReadonlyMap<number, Table>): Table | null {
  const owners = entry.dependencies.flatMap((id) => tables.get(id) ?? [])
  if (entry.kind === 'INDEX' || entry.kind === 'STATISTICS') return owners[0] ?? null
  // Of an identity; others are said to be owned by an entry of their own.
  if (entry.kind === 'SEQUENCE') return owners[0] ?? null
  if (!uponTables.has(entry.kind) || entry.tag.endsWith(' _RETURN')) return null
  return (
    owners.find(
      ({ entry: table }) =>
        table.schema === entry.schema && (entry.tag === table.tag || entry.tag.startsWith(`${table.tag} `)),
    ) ?? null
  )
}
