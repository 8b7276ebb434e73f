import type { Meeting } from '../../../../core/existing/meetings.ts'
import type { PlannedObject } from '../../../../core/ledger/objects/planned.ts'
import { groupsOf } from './connected-tables.ts'
import { veryTables } from './very-tables.ts'

/**
 * `truncate`: the statements that empty tables of the destination. PostgreSQL empties tables that refer to each other only together, so one
 * statement is for a whole group that foreign keys connect, and it is the first table's that comes. Partitions are emptied one by one: one that is attached later is somebody's.
 * Sequences go on from where they are. Pure.
 * @returns by the source's oid of the table whose statement it is
 */
export function emptyingOf(
  meetings: readonly Meeting[],
  inOrder: readonly Pick<PlannedObject, 'oid'>[],
): ReadonlyMap<number, string> {
  const emptied = meetings.filter(({ mode }) => mode === 'truncate')
  const position = new Map(inOrder.map(({ oid }, index) => [oid, index]))
  const place = ({ source }: Meeting) => position.get(source.oid) ?? 0
  return new Map(
    groupsOf(emptied).flatMap((group) => {
      const [first] = group.toSorted((a, b) => place(a) - place(b))
      const named = group.filter(({ there }) => there.kind !== 'p')
      if (first === undefined || named.length === 0) return []
      const emptying = veryTables(
        named.map(({ there }) => there),
        { verb: 'TRUNCATE', otherwise: 'fails' },
      )
      return [[first.source.oid, emptying] as const]
    }),
  )
}
