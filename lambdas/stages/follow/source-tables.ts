import { writeEvents } from '../../core/ledger/events.ts'
import type { StreamedTable } from '../../core/ledger/stream.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { listed } from '../../core/present/listed.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { describeAlterations } from './altered.ts'
import { schemaChanged } from './translate.ts'

/** Reading the structure of a large database takes seconds, and the changes wait. */
const LOOK_MILLISECONDS = 300_000

/** A table that is dropped has taken its place in the publication along, and no cutover is the same without it. @throws SampanError FOLLOW_SCHEMA_CHANGED */
export async function requireTablesOfSource(source: Session, tables: readonly StreamedTable[]): Promise<void> {
  const rows = await source.rows<{ oid: number }>('SELECT oid FROM pg_catalog.pg_class WHERE oid = ANY ($1::oid[])', [
    tables.map(({ oid }) => oid),
  ])
  const there = new Set(rows.map(({ oid }) => oid))
  const gone = tables.filter(({ oid }) => !there.has(oid)).map(({ schema, name }) => `${schema}.${name}`)
  if (gone.length > 0) throw schemaChanged(listed(gone), 'dropped')
}

/**
 * What is done to the source's tables while it is followed is told when it is done, not when the writers are stopped.
 * @returns to be called often, and looks when it is time
 */
export function watchTables(
  source: Session,
  control: Session,
  event: StepEvent,
  tables: readonly StreamedTable[],
): () => Promise<void> {
  const start = `${event.run.execution} ${event.database?.name}`
  let due = 0
  return async () => {
    if (performance.now() < due) return
    due = performance.now() + LOOK_MILLISECONDS
    await requireTablesOfSource(source, tables)
    const found = await describeAlterations(source, control, event)
    if (found === null || told.get(start) === found) return
    told.set(start, found)
    const message = `the source was altered, and no cutover will be made as it is: ${found}`
    await writeEvents(control, event.run.id, [{ level: 'warning', step: 'Follow', code: 'FOLLOW_ALTERED', message }])
  }
}

/** By execution and database: each life looks anew. On one machine a start is a process. */
const told = new Map<string, string>()
