import type { Relation } from '../../../core/ledger/relation.ts'
import { importView } from '../../../core/ledger/view.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { openSource } from '../../../core/postgres/sessions.ts'
import type { LaneCall } from '../lane/lane-call.ts'
import { readNamedTypes } from './named-types.ts'
import { type Change, changedQuery, plannedOtherwiseQuery, readChange, withReads } from './unchanged.ts'

/** A table, column, schema, type or function that is not there, or not for these types. */
export function isUnknownName(thrown: unknown): boolean {
  return thrown instanceof DatabaseError && thrown.side === 'source' && /^(42|3F)/.test(thrown.sqlState ?? '')
}

/**
 * Whether a statement that the source could not read failed because the table is another one by now. On sessions of its own: the
 * lane's are gone with the flight.
 */
export async function howChanged(
  { event, step, signal }: LaneCall,
  destination: Session,
  relation: Relation,
): Promise<Change | null> {
  const tables = withReads([relation])
  const source = await openSource(event, step.environment, { purpose: 'changed', signal })
  try {
    await importView(source, destination, event.run.id, signal)
    if ((await source.rows(plannedOtherwiseQuery(tables, source.serverVersion))).length > 0) return 'planned'
    const oids = tables.map(({ oid }) => oid)
    const types = await readNamedTypes(source, oids)
    const sql = changedQuery(tables, types, source.serverVersion)
    const [found] = sql === null ? [] : await source.rows<{ root: string; change: string }>(sql)
    return readChange(found === undefined ? undefined : [found.root, found.change])?.change ?? null
  } catch (thrown) {
    // The question names the table and its columns too.
    if (isUnknownName(thrown)) return 'structure'
    throw thrown
  } finally {
    await source.close()
  }
}
