import type { Meeting } from '../../../../core/existing/meetings.ts'
import { nameKey } from '../../../../core/existing/tables.ts'
import type { PlannedObject } from '../../../../core/ledger/objects/planned.ts'
import { groupsOf } from './connected-tables.ts'
import { veryTables } from './very-tables.ts'

/**
 * `replace`: the statements that drop tables of the destination, in the transaction that makes the first of a group, or a sequence that goes with
 * it. Tables that refer to each other are dropped together. Pure.
 * @param objects in the order in which they are made
 * @returns by the number of the object before which they are said
 */
export function replacingOf(
  meetings: readonly Meeting[],
  objects: readonly Pick<PlannedObject, 'id' | 'kind' | 'oid' | 'schema' | 'name' | 'status' | 'there'>[],
  schemaThere: (schema: string) => string,
): ReadonlyMap<number, string> {
  const replaced = meetings.filter(({ mode }) => mode === 'replace')
  return new Map(
    groupsOf(replaced).flatMap((group) => {
      const tables = new Set(group.map(({ source }) => source.oid))
      const sequences = new Set(group.flatMap(({ there }) => there.sequences.map(nameKey)))
      const first = objects.find(({ kind, oid, schema, name, status, there }) => {
        if (status !== 'pending') return false
        if (kind !== 'SEQUENCE') return kind === 'TABLE' && tables.has(oid)
        const at = there ?? { schema: schemaThere(schema ?? ''), name }
        return sequences.has(nameKey({ schema: at.schema ?? '', name: at.name }))
      })
      if (first === undefined) return []
      const drop = veryTables(
        group.map(({ there }) => there),
        { verb: 'DROP TABLE', otherwise: 'rest' },
      )
      return [[first.id, drop] as const]
    }),
  )
}
