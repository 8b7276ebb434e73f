import type { Relation, RelationAtDestination, RelationAtSource } from '../../lambdas/core/ledger/relation.ts'

type End = Omit<RelationAtDestination, 'side'>

const END: End = { schema: 'public', name: 'items', columns: ['id'], where: null, digestSql: null, tree: false }

/** A relation for tests of pure functions, called alike at both ends unless they say otherwise. */
export function relationOf({
  source = {},
  destination = {},
  ...rest
}: Partial<
  Omit<Relation, 'source' | 'destination'> & {
    source: Partial<Omit<RelationAtSource, 'side'>>
    destination: Partial<End>
  }
> = {}): Relation {
  const { expressions = [], ...same } = source
  const here = { ...END, ...same }
  return {
    oid: 1,
    types: ['bigint'],
    format: 'text',
    hasKey: false,
    bytes: 0,
    pages: 0,
    behind: [],
    ...rest,
    source: { side: 'source', ...here, expressions },
    destination: { side: 'destination', ...here, ...destination },
  }
}
