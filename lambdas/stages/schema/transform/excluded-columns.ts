import type { PlannedObject } from '../../../core/ledger/objects/planned.ts'
import { needText, readColumnNeeds } from '../../../core/names/column-needs.ts'
import type { RenamedRelation, Renames } from '../../../core/names/renames.ts'
import { quoteIdentifier, quoteQualified } from '../../../core/postgres/identifiers.ts'
import { listed } from '../../../core/present/listed.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { PG_CLASS } from '../toc/catalogue-oids.ts'
import type { TocEntry } from '../toc/entry.ts'
import { leavesNothing } from './follow.ts'
import type { Refused, Scratch } from './scratch.ts'

/** Something of the destination that cannot be without a column, and keeps it from staying behind. */
const COLUMN_NEEDED = 'COLUMN_NEEDED'

/**
 * Takes the columns that stay behind out of the copy, and with them what stands on them alone. Under the source’s names.
 * @throws SampanError `COLUMN_NEEDED`
 */
export async function dropColumns(scratch: Scratch, renames: Renames): Promise<void> {
  const relations = [...renames.relations.values()].filter(({ excluded }) => excluded.length > 0)
  let statements = relations.flatMap((relation) => dropsOf(relation, ({ dropped }) => dropped, ''))
  // One that another one is computed from goes behind that one.
  for (;;) {
    const refused = await scratch.make(statements)
    if (refused.length === 0) break
    if (refused.length === statements.length) throw await needed(scratch, relations, refused)
    statements = refused.map(({ number }) => statements[number] ?? '')
  }
  // A child that has written the column out itself keeps it when the parent’s goes.
  const inherited = relations.flatMap((relation) =>
    dropsOf(relation, ({ excluded, dropped }) => excluded.filter((column) => !dropped.includes(column)), 'IF EXISTS '),
  )
  const left = await scratch.make(inherited)
  if (left.length > 0) throw await needed(scratch, relations, left)
}

function dropsOf(
  relation: RenamedRelation,
  of: (relation: RenamedRelation) => readonly string[],
  option: string,
): readonly string[] {
  const table = quoteQualified(relation.from.schema, relation.from.name)
  return of(relation).map((column) => `ALTER TABLE ${table} DROP COLUMN ${option}${quoteIdentifier(column)}`)
}

/** The server says that something is in the way; what it is stands in its catalogue. */
async function needed(
  { session }: Scratch,
  relations: readonly RenamedRelation[],
  refused: readonly Refused[],
): Promise<SampanError> {
  const needs = (await readColumnNeeds(session, relations)).map(needText)
  const lines = needs.length === 0 ? refused.map(({ message }) => message) : needs
  return new SampanError({
    code: COLUMN_NEEDED,
    message: `columns that the task excludes cannot stay behind, since something that comes needs them: ${listed(lines, { between: '; ' })}`,
    remedy:
      'nothing was made: exclude what needs them too (views by their names, others by their kind), or let the columns come',
  })
}

/** Why each object that goes with an excluded column stays behind, by its number in the plan. */
export function goneWithColumns(
  gone: readonly PlannedObject[],
  entries: readonly TocEntry[],
  renames: Renames,
): ReadonlyMap<number, string> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const tableOf = (id: number) => {
    const tables = (byId.get(id)?.dependencies ?? []).flatMap((one) => {
      const entry = byId.get(one)
      const relation = entry?.catalogOid === PG_CLASS ? renames.relations.get(entry.oid) : undefined
      return entry === undefined || relation === undefined || relation.excluded.length === 0
        ? []
        : [{ entry, relation }]
    })
    return tables[0]
  }
  const reasons = new Map(gone.map(({ id }) => [id, reasonOf(tableOf(id)?.relation)]))
  for (const entry of entries) {
    const table = tableOf(entry.id)
    if (table === undefined) continue
    const { relation } = table
    const said =
      entry.kind === 'ACL' ? relation.excluded.some((column) => isOfColumn(entry.tag, table.entry.tag, column)) : false
    const taken =
      leavesNothing(entry.kind, entry.sql) && relation.excluded.includes(entry.tag.slice(table.entry.tag.length + 1))
    if (said || taken) reasons.set(entry.id, reasonOf(relation))
  }
  return reasons
}

/** As pg_dump tags what is said of a column, with quotes where it needs them. */
function isOfColumn(tag: string, table: string, column: string): boolean {
  const forms = (name: string) => [name, quoteIdentifier(name)]
  return forms(table).some((first) => forms(column).some((second) => tag === `COLUMN ${first}.${second}`))
}

function reasonOf(relation: RenamedRelation | undefined): string {
  if (relation === undefined) return 'it goes with a column that the task excludes'
  const { from, excluded } = relation
  return `it goes with ${excluded.length === 1 ? 'the column' : 'one of the columns'} ${excluded.join(', ')} of ${from.schema}.${from.name}, which the task excludes`
}

/** Tables that have lost a key, by their oids: nothing is known of those that are left. */
export function tablesWithoutTheirKey(
  gone: readonly PlannedObject[],
  entries: readonly TocEntry[],
): ReadonlySet<number> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  const keys = gone.filter(
    ({ kind, sql }) => kind === 'CONSTRAINT' || (kind === 'INDEX' && /^\s*CREATE UNIQUE /.test(sql)),
  )
  const tables = keys.flatMap(({ dependencies }) => dependencies.flatMap((id) => byId.get(id) ?? []))
  return new Set(tables.flatMap(({ catalogOid, oid }) => (catalogOid === PG_CLASS ? [oid] : [])))
}
