import type { Stage } from '../../../core/ledger/objects/planned.ts'
import type { TocEntry } from '../toc/entry.ts'
import { beforeRows, naturalStage } from './kinds.ts'

const order = ['create', 'index', 'link'] as const

/**
 * The stage of every entry: its kind's own, raised to that of whatever it depends on. Entries come in topological order.
 * What must stand before the rows is pulled down again, together with everything it needs.
 * @param following rows go on changing behind the copy: see `naturalStage`
 */
export function assignStages(
  entries: readonly TocEntry[],
  following = false,
): Map<number, Exclude<Stage, 'never' | 'own'>> {
  const rank = new Map<number, number>()
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  for (const entry of entries) {
    const needed = entry.dependencies.map((id) => rank.get(id) ?? 0)
    rank.set(entry.id, Math.max(order.indexOf(naturalStage(entry, following)), ...needed))
  }
  for (const entry of entries) if (beforeRows.has(entry.kind)) pullDown(entry, byId, rank)
  return new Map([...rank].map(([id, at]) => [id, order[at] ?? 'link']))
}

function pullDown(entry: TocEntry, byId: ReadonlyMap<number, TocEntry>, rank: Map<number, number>): void {
  if ((rank.get(entry.id) ?? 0) === 0) return
  rank.set(entry.id, 0)
  for (const id of entry.dependencies) {
    const needed = byId.get(id)
    if (needed) pullDown(needed, byId, rank)
  }
}
