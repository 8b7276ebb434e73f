import type { TocEntry } from '../../toc/entry.ts'

/** What tells an object of one plan from another one of the next; a table made anew under its name is another one. */
export interface Identity {
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly oid: number
}

/**
 * Numbers a new archive's entries as the plan before did where they are made: pg_dump counts from 1 each time, and receipts are
 * by number. All others get numbers above those of the plan before: a lane that still has one of these in its hands finds nothing.
 */
export function keepIds(
  entries: readonly TocEntry[],
  known: readonly (Identity & { readonly id: number; readonly made: boolean })[],
): readonly TocEntry[] {
  const free = Map.groupBy(
    known.filter(({ made }) => made),
    keyOf,
  )
  let last = Math.max(0, ...known.map(({ id }) => id))
  const numbers = new Map(
    entries.map((entry) => {
      const old = free.get(keyOf({ ...entry, name: entry.tag }))?.shift()
      if (old === undefined) last += 1
      return [entry.id, old?.id ?? last]
    }),
  )
  return entries.map((entry) => ({
    ...entry,
    id: numbers.get(entry.id) ?? entry.id,
    dependencies: entry.dependencies.flatMap((id) => numbers.get(id) ?? []),
  }))
}

function keyOf({ kind, schema, name, oid }: Identity): string {
  return [kind, schema, name, kind === 'TABLE' ? oid : ''].join('\0')
}
