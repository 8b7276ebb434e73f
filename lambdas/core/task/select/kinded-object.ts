import type { KindedObject } from '../excluded-object.ts'
import type { Selectable } from './selectable.ts'

const ofTable: ReadonlySet<string> = new Set(['TRIGGER', 'RULE', 'POLICY', 'FK CONSTRAINT'])

/** An entry as the task's entries by kind see it; null for the half of a view, which no task can name. */
export function kindedObject(entry: Selectable, byId: ReadonlyMap<number, Selectable>): KindedObject | null {
  const { kind, tag, schema } = entry
  if (!ofTable.has(kind)) return { kind: kind === 'SHELL TYPE' ? 'TYPE' : kind, names: namesOf(kind, tag), schema }
  if (kind === 'RULE' && tag.endsWith(' _RETURN')) return null
  // `table name`, neither of them quoted: the table that it needs says where the first one ends.
  const [table] = entry.dependencies
    .map((id) => byId.get(id))
    .filter((needed) => needed !== undefined && needed.schema === schema && tag.startsWith(`${needed.tag} `))
    .sort((one, other) => (other?.tag.length ?? 0) - (one?.tag.length ?? 0))
  if (table === undefined) return { kind, names: [tag], schema, table: null }
  return { kind, names: [tag.slice(table.tag.length + 1)], schema, table: table.tag }
}

function namesOf(kind: string, tag: string): readonly string[] {
  switch (kind) {
    case 'FUNCTION':
    case 'PROCEDURE':
    case 'AGGREGATE':
      return [tag, tag.slice(0, tag.lastIndexOf('('))]
    case 'CAST':
      return [tag, tag.replace(/^CAST \((.*)\)$/, '$1')]
    case 'TRANSFORM':
    case 'USER MAPPING':
      return [tag, tag.slice(kind.length + 1)]
    default:
      return [tag]
  }
}
