import type { TocEntry } from '../../toc/entry.ts'

/** A partition's trigger that fires otherwise than what it is a clone of. */
export interface CloneApart {
  /** Oids of all triggers above it, on the way to the root of the tree. */
  readonly above: readonly number[]
  /** It enforces a foreign key: the server makes its name of a number. */
  readonly ofForeignKey: boolean
}

/**
 * Puts clones that fire otherwise (`ALTER TABLE … DISABLE TRIGGER`) behind what makes or sets the triggers above them: the one sets its clones
 * too. pg_dump knows of that order for the next trigger above alone, and not where that one fires as its own original does.
 */
export function clonesBehind(
  entries: readonly TocEntry[],
  clones: ReadonlyMap<number, CloneApart>,
): readonly TocEntry[] {
  if (clones.size === 0) return entries
  const triggers = new Map(entries.filter(({ kind }) => kind === 'TRIGGER').map((entry) => [entry.oid, entry]))
  const moved = [...clones.keys()].flatMap((oid) => triggers.get(oid) ?? [])
  if (moved.length === 0) return entries
  const depth = ({ oid }: TocEntry) => clones.get(oid)?.above.length ?? 0
  const behind = moved
    .toSorted((a, b) => depth(a) - depth(b))
    .map((entry) => {
      const above = (clones.get(entry.oid)?.above ?? []).flatMap((oid) => triggers.get(oid)?.id ?? [])
      return { ...entry, dependencies: [...new Set([...entry.dependencies, ...above])] }
    })
  const ids = new Set(behind.map(({ id }) => id))
  const isRemark = ({ dependencies }: TocEntry) => dependencies.some((id) => ids.has(id))
  const rest = entries.filter(({ id }) => !ids.has(id))
  return [...rest.filter((entry) => !isRemark(entry)), ...behind, ...rest.filter(isRemark)]
}
