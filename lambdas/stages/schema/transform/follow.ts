import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import type { TocEntry } from '../toc/entry.ts'
import { objectOfMark, textInScratch } from './objects.ts'
import { textOfComment } from './statement-parts.ts'

/** An object in the scratch, as pg_dump wrote it before its names were changed and afterwards. */
export interface Followed {
  /** As the plan has it. */
  readonly source: Pick<PlannedObject, 'catalogOid' | 'oid'>
  readonly before: TocEntry
  readonly after: TocEntry
}

export interface Following {
  /** By the object’s number in the plan. */
  readonly found: ReadonlyMap<number, Followed>
  /** Found before, and not there any more: they went with a column. */
  readonly gone: readonly PlannedObject[]
  /** Made, and not found again: what they are called there is not known. */
  readonly lost: readonly PlannedObject[]
  /** Parts of them that no object of the plan is: the server has them under other words than the source. */
  readonly surplus: readonly TocEntry[]
}

/** Their texts need no scratch. */
const BY_NAME: ReadonlySet<string> = new Set(['SCHEMA'])

/**
 * Finds each object again behind the renaming. Before it, names are the source’s own; from there on OIDs tell, which no renaming changes.
 * What has no OID of its own is known by what it ties together, a comment by its text. Pure.
 * @param made what stands in the scratch
 */
export function follow(
  made: readonly PlannedObject[],
  before: readonly TocEntry[],
  after: readonly TocEntry[],
): Following {
  const marked = new Map(after.flatMap((entry) => markOf(entry, (id) => [id, entry] as const)))
  const later = uniquely(after)
  const pairs = entriesOf(made, before)
  const keys = keysOf(before)
  const objects = new Map(made.map((object) => [object.id, object]))
  const found = new Map<number, Followed>()
  for (const [id, entry] of pairs) {
    const counterpart = later.get(keys.get(entry) ?? '')
    if (counterpart !== undefined)
      found.set(id, { source: objects.get(id) ?? NOWHERE, before: entry, after: counterpart })
  }
  const comments = new Map(before.flatMap((entry) => markOf(entry, (id) => [id, entry] as const)))
  for (const [id, entry] of comments) {
    const counterpart = marked.get(id)
    if (counterpart !== undefined)
      found.set(id, { source: objects.get(id) ?? NOWHERE, before: entry, after: counterpart })
  }
  const stand = new Set(keysOf(after).values())
  const wentWith = (entry: TocEntry | undefined) => {
    const key = keys.get(entry ?? NO_ENTRY) ?? ''
    return key !== '' && !stand.has(key)
  }
  const gone = made.filter(({ id, kind }) => {
    if (kind === 'COMMENT') return comments.has(id) && !marked.has(id)
    return !found.has(id) && wentWith(pairs.get(id))
  })
  const isGone = new Set(gone.map(({ id }) => id))
  const isLost = ({ id, kind, sql }: PlannedObject) => !found.has(id) && !BY_NAME.has(kind) && !leavesNothing(kind, sql)
  const known = new Set([...pairs.values(), ...comments.values()].map(({ id }) => id))
  return {
    found,
    gone,
    lost: made.filter((object) => !isGone.has(object.id) && isLost(object)),
    surplus: before.filter(
      ({ id, kind, dependencies }) =>
        !known.has(id) && !BY_NAME.has(kind) && kind !== 'COMMENT' && dependencies.some((one) => known.has(one)),
    ),
  }
}

const NOWHERE = { catalogOid: 0, oid: 0 }
const NO_ENTRY = {} as TocEntry

/** What takes off an inherited default leaves nothing in the catalogue (plan/defaults-taken.ts). */
export function leavesNothing(kind: string, sql: string): boolean {
  return kind === 'DEFAULT' && / SET DEFAULT NULL;\s*$/.test(sql)
}

function markOf<Marked>(entry: TocEntry, of: (id: number) => Marked): Marked[] {
  if (entry.kind !== 'COMMENT') return []
  const id = objectOfMark(textOfComment(entry.sql))
  return id === null ? [] : [of(id)]
}

/** The entry of each object in the dump under the source’s names; of several of one name (operators) the equal text tells, then the order. */
function entriesOf(made: readonly PlannedObject[], before: readonly TocEntry[]): ReadonlyMap<number, TocEntry> {
  const named = (kind: string, schema: string | null, name: string) => JSON.stringify([kind, schema, name])
  const entries = Map.groupBy(before, ({ kind, schema, tag }) => named(kind, schema, tag))
  const objects = Map.groupBy(
    made.filter(({ kind, sql }) => kind !== 'COMMENT' && !leavesNothing(kind, sql)),
    ({ kind, schema, name }) => named(kind, schema, name),
  )
  const pairs = new Map<number, TocEntry>()
  for (const [name, group] of objects) {
    const free = [...(entries.get(name) ?? [])]
    const take = (object: PlannedObject, at: number) => {
      const [entry] = free.splice(at, 1)
      if (entry !== undefined) pairs.set(object.id, entry)
    }
    const rest = group.filter((object) => {
      const at = group.length === 1 ? -1 : free.findIndex(({ sql }) => sql.trim() === textInScratch(object).trim())
      if (at >= 0) take(object, at)
      return at < 0
    })
    if (rest.length === free.length) for (const object of rest) take(object, 0)
  }
  return pairs
}

/** What an entry is, whatever it is called: empty where that cannot be told. */
function keysOf(entries: readonly TocEntry[]): ReadonlyMap<TocEntry, string> {
  const own = new Map(entries.map((entry) => [entry.id, identityOf(entry)]))
  return new Map(
    entries.map((entry) => {
      const identity = own.get(entry.id)
      if (identity) return [entry, `${entry.kind} ${identity}`]
      const ties = entry.dependencies.flatMap((id) => own.get(id) || []).toSorted()
      return [entry, ties.length === 0 ? '' : `${entry.kind} of ${ties.join(' ')}`]
    }),
  )
}

function identityOf({ catalogOid, oid }: TocEntry): string {
  return catalogOid === 0 || oid === 0 ? '' : `${catalogOid}.${oid}`
}

function uniquely(entries: readonly TocEntry[]): ReadonlyMap<string, TocEntry> {
  const groups = Map.groupBy(keysOf(entries), ([, key]) => key)
  return new Map(
    [...groups].flatMap(([key, group]): [string, TocEntry][] => {
      const [first, other] = group
      return key === '' || first === undefined || other !== undefined ? [] : [[key, first[0]]]
    }),
  )
}
