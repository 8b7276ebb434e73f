import { readComing } from '../../core/ledger/objects/coming.ts'
import { readPlannedStructure } from '../../core/ledger/objects/structure.ts'
import type { Session } from '../../core/postgres/connect.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { compareStructures, describeChanges, type StructureChange } from '../../core/structure/compare.ts'
import { readStructure } from '../../core/structure/read.ts'
import { selectionOf } from '../../core/task/selection.ts'

/** What rows live in. Of other changes Seal tells. */
const WITH_ROWS = new Set(['table', 'materialized view', 'foreign table', 'sequence'])

interface Named {
  readonly schema: string | null
  readonly name: string
}

/**
 * What was done to tables and sequences of the source since its rows were copied, in words; what the task leaves out may come and go.
 * Created is what the task would take, or a part of what comes.
 * @returns `null` where nothing was
 */
export async function describeAlterations(
  source: Session,
  destination: Session,
  event: StepEvent,
): Promise<string | null> {
  const planned = await readPlannedStructure(destination, event.run.id)
  const changes = compareStructures(planned, (await readStructure(source)).entries).filter(({ kind }) =>
    WITH_ROWS.has(kind),
  )
  if (changes.length === 0) return null
  const comes = new Set((await readComing(destination, event.run.id)).map(keyOf))
  const parts = await readParents(source)
  const [database] = event.task.databases
  const selection = database === undefined ? null : selectionOf(database)
  const concerns = (change: StructureChange): boolean => {
    if (comes.has(keyOf(change))) return true
    if (change.what !== 'created') return false
    const { schema, name } = change
    if (schema === null || selection === null) return true
    const parents = parts.get(keyOf(change)) ?? []
    return (
      !selection.excludesTable(schema, name) &&
      (selection.includesTable(schema, name) || parents.some((parent) => comes.has(parent)))
    )
  }
  const harmful = changes.filter(concerns)
  return harmful.length === 0 ? null : describeChanges(harmful)
}

const keyOf = ({ schema, name }: Named) => JSON.stringify([schema, name])

/** Of partitions and children of inheritance, whose. */
async function readParents(source: Session): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await source.rows<{ schema: string; name: string; of: Named }>(
    `SELECT n.nspname AS schema, c.relname AS name, pg_catalog.jsonb_build_object('schema', m.nspname, 'name', p.relname) AS of
       FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_class p ON p.oid = i.inhparent JOIN pg_catalog.pg_namespace m ON m.oid = p.relnamespace
      WHERE c.relkind IN ('r', 'p', 'f')`,
  )
  const grouped = Map.groupBy(rows, keyOf)
  return new Map([...grouped].map(([child, parents]) => [child, parents.map(({ of }) => keyOf(of))]))
}
