import type { StructureEntry } from '../ledger/objects/structure.ts'
import { WHOLE_KINDS } from './structure-beside.ts'

export interface StructureChange {
  readonly what: 'created' | 'dropped' | 'changed'
  readonly kind: string
  readonly schema: string | null
  readonly name: string
}

/** Of a relation: what its rows do not depend on (structure-sql.ts). */
const SETTINGS = 'rights and settings'

/** What was done to the structure between two readings, in the order of the names. Pure. */
export function compareStructures(
  before: readonly StructureEntry[],
  after: readonly StructureEntry[],
): readonly StructureChange[] {
  const old = byKey(before)
  const fresh = byKey(after)
  const changes = [...new Set([...old.keys(), ...fresh.keys()])].flatMap((key): StructureChange[] => {
    const [was, is] = [old.get(key), fresh.get(key)]
    const entry = is?.[0] ?? was?.[0]
    if (entry === undefined || digests(was) === digests(is)) return []
    const what = was === undefined ? 'created' : is === undefined ? 'dropped' : 'changed'
    return [{ what, kind: entry.kind, schema: entry.schema, name: entry.name }]
  })
  // They come and go with what they are of, and a new column has its own.
  const others = new Set(changes.filter(({ kind }) => kind !== SETTINGS).map(nameOf))
  const told = changes.filter((change) => change.kind !== SETTINGS || !others.has(nameOf(change)))
  return told.sort((a, b) => (changeTitle(a) < changeTitle(b) ? -1 : 1))
}

const nameOf = ({ schema, name }: StructureChange) => `${schema}\0${name}`

/** `index public.orders_day` */
function changeTitle({ kind, schema, name }: Omit<StructureChange, 'what'>): string {
  const whole = WHOLE_KINDS.get(kind)
  if (whole !== undefined) return whole
  return `${kind} ${schema === null || kind === 'schema' ? '' : `${schema}.`}${name}`
}

const NAMED = 50

/** `created: table public.a, index public.b; dropped: …`, as many as an event can name. */
export function describeChanges(changes: readonly StructureChange[], named = NAMED): string {
  const told = changes.slice(0, named)
  const groups = (['created', 'dropped', 'changed'] as const).flatMap((what) => {
    const titles = told.filter((change) => change.what === what).map(changeTitle)
    return titles.length === 0 ? [] : [`${what}: ${titles.join(', ')}`]
  })
  const rest = changes.length - told.length
  return `${groups.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`
}

/** Operators share a name; objects of one name are told apart by what they are. */
function byKey(entries: readonly StructureEntry[]): Map<string, StructureEntry[]> {
  return Map.groupBy(entries, ({ kind, schema, name }) => `${kind}\0${schema}\0${name}`)
}

function digests(entries: readonly StructureEntry[] | undefined): string {
  return (entries ?? [])
    .map(({ digest }) => digest)
    .sort()
    .join()
}
