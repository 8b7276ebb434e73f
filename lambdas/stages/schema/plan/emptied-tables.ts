import type { Meeting } from '../../../core/existing/meetings.ts'
import { nameKey } from '../../../core/existing/tables.ts'
import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import { quoteQualified } from '../../../core/postgres/identifiers.ts'

/**
 * `truncate`: the statements that empty tables of the destination. PostgreSQL empties tables that refer to each other only together, so one
 * statement is for a whole group that foreign keys connect, and it is the first table's that comes. Partitions are emptied with their root.
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
      const named = group.filter(({ there }) => there.root === null)
      return first === undefined || named.length === 0
        ? []
        : [[first.source.oid, `TRUNCATE ${named.map(targetOf).join(', ')};\n`] as const]
    }),
  )
}

/** Not what inherits from the table: it may be another one's. */
function targetOf({ there }: Meeting): string {
  return `${there.kind === 'p' ? '' : 'ONLY '}${quoteQualified(there.schema, there.name)}`
}

/** A partition goes with its root, and with whatever foreign keys lead to or from either. */
function groupsOf(meetings: readonly Meeting[]): readonly (readonly Meeting[])[] {
  const byName = new Map(meetings.map((meeting) => [nameKey(meeting.there), meeting]))
  const ties = new Map<Meeting, Set<Meeting>>(meetings.map((meeting) => [meeting, new Set()]))
  for (const meeting of meetings) {
    const { references, root } = meeting.there
    const others = [
      ...references.map(({ schema, table }) => nameKey({ schema, name: table })),
      ...(root === null ? [] : [nameKey(root)]),
    ]
    for (const other of others.flatMap((key) => byName.get(key) ?? [])) {
      ties.get(meeting)?.add(other)
      ties.get(other)?.add(meeting)
    }
  }
  const left = new Set(meetings)
  const groups: Meeting[][] = []
  for (const first of meetings) {
    if (!left.delete(first)) continue
    const group = [first]
    for (const one of group) {
      for (const other of ties.get(one) ?? []) if (left.delete(other)) group.push(other)
    }
    groups.push(group)
  }
  return groups
}
