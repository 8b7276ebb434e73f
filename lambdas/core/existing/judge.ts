import { type BesideCode, besideProblems } from './beside.ts'
import { type ColumnDifference, compareColumns } from './compare-columns.ts'
import { compareTypes } from './compare-types.ts'
import { type Meeting, stays } from './meetings.ts'
import { nameKey, type StandingTable, type TableName } from './tables.ts'

/** Why a table cannot be met as the task wants it. */
export type ConflictCode =
  | 'DST_TABLE_DIFFERS'
  | 'DST_TABLE_NOT_WRITABLE'
  | 'DST_TABLE_TRIGGERS'
  | 'DST_TABLE_REFERENCED'
  | 'DST_TABLE_NEEDED'
  | 'DST_KEYS_IN_A_RING'
  | 'DST_TABLE_MISSING'
  | 'DST_TABLE_NOT_EMPTY'
  | BesideCode

export interface ConflictProblem {
  readonly code: ConflictCode
  /** One line for people. */
  readonly text: string
}

export interface JudgedMeetings {
  readonly problems: readonly ConflictProblem[]
  /** Columns that the destination computes by another expression. */
  readonly computed: readonly string[]
  /** What is otherwise there, and keeps nothing from coming by itself. */
  readonly told: readonly string[]
}

/**
 * What keeps rows from coming into tables that stand there, all of it at once. Pure.
 * @param typeThere the source's type as the destination writes it
 */
export function judgeMeetings(meetings: readonly Meeting[], typeThere: (type: string) => string): JudgedMeetings {
  const compared = meetings.map((meeting) => ({ meeting, differences: differencesOf(meeting, typeThere) }))
  const lines = (weight: ColumnDifference['weight']) =>
    compared.flatMap(({ meeting, differences }) =>
      differences.filter((one) => one.weight === weight).map(({ text }) => `${shown(meeting.there)}: ${text}`),
    )
  const types = compareTypes(meetings, typeThere)
  const ofTypes = (weight: 'refused' | 'told') => types.filter((one) => one.weight === weight).map(({ text }) => text)
  const of = (code: ConflictCode, texts: readonly string[]) => texts.map((text) => ({ code, text }))
  return {
    problems: [
      ...of('DST_TABLE_DIFFERS', [...lines('refused'), ...ofTypes('refused')]),
      ...of('DST_TABLE_NOT_WRITABLE', meetings.flatMap(notWritable)),
      ...of('DST_TABLE_TRIGGERS', meetings.flatMap(triggers)),
      ...of(
        'DST_TABLE_REFERENCED',
        meetings.flatMap((one) => referenced(one, meetings)),
      ),
      ...of(
        'DST_TABLE_NEEDED',
        meetings.flatMap((one) => needed(one, meetings)),
      ),
      ...of('DST_KEYS_IN_A_RING', rings(meetings)),
      ...besideProblems(meetings),
    ],
    computed: lines('computed'),
    told: [...lines('told'), ...ofTypes('told')],
  }
}

/** Tables on the destination whose rows must be there before another one's, by the names there. */
export function referencesAmong(meetings: readonly Meeting[]): ReadonlyMap<string, readonly string[]> {
  const standing = new Set(meetings.map(({ there }) => nameKey(there)))
  return new Map(
    meetings.map(({ there }) => [
      nameKey(there),
      [...new Set(there.references.map(({ schema, table }) => nameKey({ schema, name: table })))].filter((key) =>
        standing.has(key),
      ),
    ]),
  )
}

function differencesOf({ mode, chosen, source, there }: Meeting, typeThere: (type: string) => string) {
  // Whatever table it is, it is dropped.
  if (mode === 'replace' && /[rp]/.test(there.kind)) return []
  if (source.kind !== there.kind) {
    return [
      { weight: 'refused', text: `a ${kindOf(source)} on the source, a ${kindOf(there)} on the destination` } as const,
    ]
  }
  const columns = source.columns.map((column) => ({
    column,
    there: chosen.excluded.includes(column.name) ? null : (chosen.columns.get(column.name) ?? column.name),
  }))
  return [...compareColumns(columns, there.columns, typeThere), ...storage(source, there), ...partitions(source, there)]
}

function storage(source: StandingTable, there: StandingTable) {
  if (source.persistence === there.persistence) return []
  const text = there.persistence === 'u' ? 'unlogged on the destination only' : 'unlogged on the source only'
  return [{ weight: 'told', text } as const]
}

/** By their own names: schemas may have others. */
function partitions(source: StandingTable, there: StandingTable) {
  const names = ({ partitions: parts }: StandingTable) => parts.map(({ name }) => name).toSorted()
  const [ours, theirs] = [names(source), names(there)]
  if (source.kind !== 'p') return []
  if (ours.join('\0') === theirs.join('\0')) return bounds(source, there)
  const missing = ours.filter((name) => !theirs.includes(name))
  const more = theirs.filter((name) => !ours.includes(name))
  const parts = [
    ...(missing.length > 0 ? [`the destination lacks ${missing.join(', ')}`] : []),
    ...(more.length > 0 ? [`only the destination has ${more.join(', ')}`] : []),
  ]
  return [{ weight: 'refused', text: `other partitions: ${parts.join('; ')}` } as const]
}

/** Rows that a partition there does not take are refused one by one. Told: two versions may write the same bound otherwise. */
function bounds(source: StandingTable, there: StandingTable) {
  const others = new Map(there.partitions.map(({ name, bound }) => [name, bound]))
  return source.partitions.flatMap(({ name, bound }) =>
    others.get(name) === bound
      ? []
      : [
          {
            weight: 'told',
            text: `partition ${name}: ${bound} on the source, ${others.get(name)} on the destination`,
          } as const,
        ],
  )
}

function notWritable({ mode, there }: Meeting): readonly string[] {
  if (!there.owned) return [`${shown(there)}: the account is not a member of the role that owns it`]
  return there.secured && stays({ mode }) ? [`${shown(there)}: its row security is in force for the account`] : []
}

function triggers({ mode, there }: Meeting): readonly string[] {
  if (mode === 'replace') return []
  // What is copied again in a newer view is deleted before where the owner's rows stand beside it, else the table is emptied.
  const fired = there.triggers.filter(
    ({ inserted, deleted, emptied }) => inserted || (mode === 'ignore' ? deleted : emptied),
  )
  return fired.length === 0 ? [] : [`${shown(there)}: ${fired.map(({ name }) => name).join(', ')}`]
}

/** What is dropped must be nobody else's need: DROP TABLE takes partitions along, and a partition that is made anew is no longer attached. */
function needed({ mode, there }: Meeting, meetings: readonly Meeting[]): readonly string[] {
  const root = there.root === null ? null : nameKey(there.root)
  const rootMode = meetings.find((one) => nameKey(one.there) === root)?.mode
  const torn = there.root !== null && (mode === 'replace') !== (rootMode === 'replace')
  const dropped = new Set(meetings.flatMap((one) => (stays(one) ? [] : [one.there.oid])))
  const others = there.dependants.filter(({ oid }) => oid === null || !dropped.has(oid))
  return [
    ...(mode === 'replace' ? others.map(({ what }) => `${shown(there)}: ${what}`) : []),
    ...(torn ? [`${shown(there)}: it is a partition of ${shown(there.root)}: both are replaced, or neither`] : []),
  ]
}

/** PostgreSQL empties or drops a table that others refer to only together with them. */
function referenced({ mode, there }: Meeting, meetings: readonly Meeting[]): readonly string[] {
  if (mode === 'ignore') return []
  const together = meetings.filter((one) => mode === 'fill' || one.mode === mode)
  const emptied = new Set(together.map((one) => nameKey(one.there)))
  return there.referencedBy
    .filter(({ schema, table }) => !emptied.has(nameKey({ schema, name: table })))
    .map((key) => `${shown(there)}: ${shown({ schema: key.schema, name: key.table })} refers to it by ${key.name}`)
}

/** Rows that refer to each other’s tables have no order in which they could come. */
function rings(meetings: readonly Meeting[]): readonly string[] {
  const left = new Map(referencesAmong(meetings.filter(stays)))
  for (let before = -1; before !== left.size; ) {
    before = left.size
    for (const [key, others] of left) {
      if (!others.some((other) => other !== key && left.has(other))) left.delete(key)
    }
  }
  // What only refers to a ring is none of it.
  const inRing = [...left.keys()].filter((key) => reaches(left, key, key))
  if (inRing.length === 0) return []
  const names = inRing.map((key) => {
    const [schema = '', name = ''] = JSON.parse(key) as string[]
    return shown({ schema, name })
  })
  return [`foreign keys lead from each of these to itself: ${names.join(', ')}`]
}

function reaches(references: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set<string>()
  const open = (references.get(from) ?? []).filter((key) => key !== from)
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (key === to) return true
    if (seen.has(key)) continue
    seen.add(key)
    open.push(...(references.get(key) ?? []))
  }
  return false
}

const KINDS: Readonly<Record<string, string>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  S: 'sequence',
  i: 'index',
  I: 'index',
  c: 'composite type',
}

function kindOf({ kind }: StandingTable): string {
  return KINDS[kind] ?? 'relation of another kind'
}

function shown({ schema, name }: TableName): string {
  return `${schema}.${name}`
}
