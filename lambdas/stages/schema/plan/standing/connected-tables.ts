import type { Meeting } from '../../../../core/existing/meetings.ts'
import { nameKey } from '../../../../core/existing/tables.ts'

/** A partition goes with its root, a table with what inherits from it, and with whatever foreign keys lead to or from either. */
export function groupsOf(meetings: readonly Meeting[]): readonly (readonly Meeting[])[] {
  const byName = new Map(meetings.map((meeting) => [nameKey(meeting.there), meeting]))
  const byOid = new Map(meetings.map((meeting) => [meeting.there.oid, meeting]))
  const ties = new Map<Meeting, Set<Meeting>>(meetings.map((meeting) => [meeting, new Set()]))
  for (const meeting of meetings) {
    const { references, root, dependants } = meeting.there
    const others = [
      ...references.map(({ schema, table }) => nameKey({ schema, name: table })),
      ...(root === null ? [] : [nameKey(root)]),
    ]
    const inheriting = dependants.flatMap(({ oid }) => byOid.get(oid ?? 0) ?? [])
    for (const other of [...others.flatMap((key) => byName.get(key) ?? []), ...inheriting]) {
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
