import type { Relation } from '../ledger/relation.ts'
import { isLargeObjects, titleOf } from '../ledger/relation.ts'
import { listed } from '../present/listed.ts'
import { SampanError } from '../runtime/errors.ts'
import type { Obstacle } from './judge.ts'

/** More are not read. */
const NAMED = 20

/** @throws SampanError FOLLOW_TABLES_REFUSED */
export function requireFollowable(obstacles: readonly Obstacle[]): void {
  if (obstacles.length === 0) return
  const named = obstacles.map(({ table, why }) => `${table}: ${why}`)
  throw new SampanError({
    code: 'FOLLOW_TABLES_REFUSED',
    message: `${obstacles.length} tables cannot be followed: ${listed(named, { most: NAMED, between: '; ' })}`,
    remedy:
      'mend what is said of each, or exclude them; or stop the writers and use mode migrate, which copies them all',
  })
}

/** What the task wants of a table that changes cannot be given yet. */
export function unfollowed(relations: readonly Relation[]): readonly Obstacle[] {
  return relations.flatMap((relation) => {
    const { source, destination, excluded = [], behind, kept = false } = relation
    const why = isLargeObjects(relation)
      ? 'not in the stream of changes'
      : kept
        ? 'it stood on the destination before, and its triggers and foreign keys would meet every change'
        : source.tree
          ? 'a partitioned table whose rows travel through it as a whole'
          : source.where !== null || destination.where !== null
            ? 'only some of its rows are migrated, and changes are not filtered yet'
            : source.expressions.some((expression) => expression !== null)
              ? 'columns are computed, and changes are not yet'
              : excluded.length > 0
                ? 'columns are left out, and of changes they are not yet'
                : behind.length > 0
                  ? 'its foreign keys stand before the rows, and changes do not come in their order'
                  : null
    return why === null ? [] : [{ table: titleOf(relation), why }]
  })
}
