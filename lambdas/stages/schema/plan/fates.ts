import { describe } from '../../../core/task/select/select.ts'
import { dataKinds, remarkKinds, viewBodies } from '../../../core/task/select/selectable.ts'
import type { TocEntry } from '../toc/entry.ts'
import { withoutLz4 } from './compression.ts'
import { inDefaultTablespace } from './database/tablespaces.ts'
import { judgeExtensionData } from './extension-data.ts'
import type { SourceFacts } from './facts.ts'
import type { PlanInput } from './plan.ts'
import { publicationForms } from './publications.ts'
import { guardSql, guardsOfRights } from './rights/policies.ts'
import { type EntryVerdict, judgeEntry } from './verdict.ts'

/** What becomes of an entry of the archive. */
export interface Fate {
  readonly verdict: EntryVerdict
  /** The skipped object that this one cannot be without. */
  readonly blockedBy: number | null
}

interface FateInput extends PlanInput {
  /** What becomes of entries that stand on the destination already. */
  readonly kept: ReadonlyMap<number, EntryVerdict>
}

const goneWithIt: EntryVerdict = { verdict: 'skip', reason: 'what it belongs to is left behind' }

/**
 * What becomes of each entry, by its number. Pure.
 *
 * A view whose body cannot come would be a stand-in that shows NULLs: it goes its body's way, and so does what needs it.
 */
export function decideFates(
  entries: readonly TocEntry[],
  leftOut: ReadonlyMap<number, string>,
  properties: ReadonlyMap<TocEntry, EntryVerdict>,
  input: FateInput,
): Map<number, Fate> {
  const bodies = [...viewBodies(entries)]
  const bodiless = new Map<number, Fate>()
  for (;;) {
    const fates = judgeEntries(entries, leftOut, properties, input, bodiless)
    const found = bodies.flatMap(([view, body]) => {
      const [own, fate] = [fates.get(view), fates.get(body)]
      const comes = own?.verdict.verdict !== 'skip' && own?.blockedBy === null
      const isLost = fate !== undefined && (fate.verdict.verdict === 'skip' || fate.blockedBy !== null)
      return comes && isLost ? [[view, fateOfBodiless(own, fate)] as const] : []
    })
    if (found.length === 0) return fates
    for (const [view, fate] of found) bodiless.set(view, fate)
  }
}

function fateOfBodiless(own: Fate, body: Fate): Fate {
  return body.blockedBy === null ? body : { verdict: own.verdict, blockedBy: body.blockedBy }
}

function judgeEntries(
  entries: readonly TocEntry[],
  leftOut: ReadonlyMap<number, string>,
  properties: ReadonlyMap<TocEntry, EntryVerdict>,
  input: FateInput,
  decided: ReadonlyMap<number, Fate>,
): Map<number, Fate> {
  const { facts, roles, destinationVersion, refused, lz4 } = input
  const fates = new Map<number, Fate>()
  const publication = publicationForms(
    entries.filter(({ id }) => !leftOut.has(id)),
    { superuser: roles.superuser, destinationVersion },
  )
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  for (const entry of entries) {
    const reason = leftOut.get(entry.id) ?? refused?.get(entry.id)
    if (reason !== undefined) {
      fates.set(entry.id, { verdict: { verdict: 'skip', reason }, blockedBy: null })
      continue
    }
    const known = decided.get(entry.id)
    if (known !== undefined) {
      fates.set(entry.id, known)
      continue
    }
    const standing = input.kept.get(entry.id)
    if (standing !== undefined) {
      fates.set(entry.id, { verdict: standing, blockedBy: null })
      continue
    }
    const judged =
      properties.get(entry) ??
      dataVerdict(entry, input) ??
      judgeEntry(entry, facts, roles, publication, input.refusedNative)
    const verdict = inDefaultTablespace(entry, lz4 === false ? withoutLz4(judged) : judged)
    const blockedBy = verdict.verdict === 'skip' ? null : blockerOf(entry, fates, byId)
    const follows = remarkKinds.has(entry.kind) || dataKinds.has(entry.kind)
    const isGone = follows && entry.dependencies.includes(blockedBy ?? -1)
    fates.set(entry.id, isGone ? { verdict: goneWithIt, blockedBy: null } : { verdict, blockedBy })
  }
  return fates
}

function dataVerdict({ kind, oid }: TocEntry, { facts, places, mayReplaceRows }: PlanInput): EntryVerdict | null {
  if (!dataKinds.has(kind)) return null
  const relation = facts.configuration.find((one) => one.oid === oid)
  return relation === undefined ? null : judgeExtensionData(relation, places?.get(oid), mayReplaceRows ?? false)
}

/**
 * The entries with the rights of row-secured tables last, behind what guards the rows; fates of rights follow their guards'.
 * A policy whose roles are all absent guards nothing.
 */
export function behindGuards(
  entries: readonly TocEntry[],
  leftOut: ReadonlyMap<number, string>,
  fates: Map<number, Fate>,
  facts: SourceFacts,
): readonly TocEntry[] {
  const guardsOf = guardsOfRights(entries, facts)
  const last: TocEntry[] = []
  for (const entry of entries) {
    const fate = fates.get(entry.id)
    const guard = guardsOf.get(entry.id)
    if (!guard || !fate || fate.verdict.verdict === 'skip') continue
    const lost = guard.entries.find(({ id }) => leftOut.has(id))
    const blockedBy = guard.entries.map(({ id }) => fates.get(id)?.blockedBy ?? null).find((id) => id !== null)
    const standing = guard.entries.filter(({ id }) => fates.get(id)?.verdict.verdict !== 'skip')
    if (lost) {
      const reason = `${describe(lost)} is left out, and without it these rights would show more rows`
      fates.set(entry.id, { verdict: { verdict: 'skip', reason }, blockedBy: null })
    } else {
      const sql = guardSql({ ...guard, entries: standing }) + fate.verdict.sql
      fates.set(entry.id, { verdict: { ...fate.verdict, sql }, blockedBy: blockedBy ?? fate.blockedBy })
    }
    last.push({ ...entry, dependencies: [...entry.dependencies, ...standing.map(({ id }) => id)] })
  }
  const moved = new Set(last.map(({ id }) => id))
  return [...entries.filter(({ id }) => !moved.has(id)), ...last]
}

/** A skipped object among what an entry needs, directly or through something blocked. Nothing needs a comment or a privilege. */
function blockerOf(
  entry: TocEntry,
  fates: ReadonlyMap<number, Fate>,
  byId: ReadonlyMap<number, TocEntry>,
): number | null {
  for (const id of entry.dependencies) {
    const fate = fates.get(id)
    if (!fate || remarkKinds.has(byId.get(id)?.kind ?? '')) continue
    if (fate.blockedBy !== null) return fate.blockedBy
    if (fate.verdict.verdict === 'skip') return id
  }
  return null
}
