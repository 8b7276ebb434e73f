import { dataKinds, relationKinds, remarkKinds, type Selectable } from './selectable.ts'

/** Kinds that belong to one relation and come and go with it. */
const ofRelation: ReadonlySet<string> = new Set([
  'INDEX',
  'CONSTRAINT',
  'CHECK CONSTRAINT',
  'FK CONSTRAINT',
  'TRIGGER',
  'RULE',
  'POLICY',
  'ROW SECURITY',
  'DEFAULT',
  'STATISTICS',
  'TABLE ATTACH',
  'MATERIALIZED VIEW DATA',
])

/** Kinds that tie several objects together and come when all of them do. */
const ofAll: ReadonlySet<string> = new Set([
  'INDEX ATTACH',
  'SEQUENCE OWNED BY',
  'PUBLICATION TABLE',
  'PUBLICATION TABLES IN SCHEMA',
  'USER MAPPING',
  'CAST',
  'TRANSFORM',
])

/**
 * What an entry belongs to: the ids that must all be chosen for it to come. Null for an entry that stands for itself.
 * pg_dump tags what belongs to a relation as `relation name`, without quotes.
 */
export function subjectOf(entry: Selectable, byId: ReadonlyMap<number, Selectable>): readonly number[] | null {
  if (remarkKinds.has(entry.kind) || dataKinds.has(entry.kind) || ofAll.has(entry.kind)) {
    return entry.dependencies.length === 0 ? null : entry.dependencies
  }
  const relations = entry.dependencies
    .map((id) => byId.get(id))
    .filter((needed) => needed !== undefined)
    .filter((needed) => relationKinds.has(needed.kind) && needed.schema === entry.schema)
  if (entry.kind === 'SEQUENCE') {
    // A sequence that a column owns comes with its table.
    const table = relations.find((relation) => relation.kind === 'TABLE')
    return table ? [table.id] : null
  }
  if (!ofRelation.has(entry.kind)) return null
  const tagged = relations
    .filter((relation) => entry.tag === relation.tag || entry.tag.startsWith(`${relation.tag} `))
    .sort((a, b) => b.tag.length - a.tag.length)
  const subject = tagged[0] ?? relations[0]
  if (subject) return [subject.id]
  return entry.dependencies.length === 0 ? null : entry.dependencies
}
