import type { Session } from './connect.ts'
import { DatabaseError } from './errors.ts'
import { quoteLiteral } from './identifiers.ts'

/** A transaction that reads one view from its first statement to its end, and never writes. */
export const BEGIN_VIEW = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'

/** An exported snapshot, and how to tell that it is the one that is meant. */
export interface ExportedView {
  /** What `pg_export_snapshot()` answered. */
  readonly id: string
  /** What the exporting transaction sees, see `exportView`. */
  readonly view: string | null
}

/**
 * Which start of the server it is, and which transactions are seen. Ids alone will not do: they count from the beginning
 * when a server starts, so after a restart or a failover the same id is soon another snapshot, of anybody's.
 */
const VIEW = `pg_catalog.pg_postmaster_start_time()::text || ' ' || pg_catalog.txid_current_snapshot()::text`

/** Lets other sessions share the view of the transaction that is open. */
export async function exportView(source: Session): Promise<ExportedView> {
  const [exported] = await source.rows<{ id: string; view: string }>(
    `SELECT pg_catalog.pg_export_snapshot() AS id, ${VIEW} AS view`,
  )
  return exported ?? { id: '', view: null }
}

/** No such snapshot (22023, from 17 on 42704), or one of another database (0A000). */
const NOT_OURS = ['22023', '42704', '0A000']

/**
 * Opens a transaction in an exported view.
 * @returns false where it is gone, or another one has its id by now; no transaction is open then
 */
export async function beginInView(source: Session, { id, view }: ExportedView): Promise<boolean> {
  try {
    await source.execute(`${BEGIN_VIEW}; SET TRANSACTION SNAPSHOT ${quoteLiteral(id)}`)
    const [seen] = await source.rows<{ view: string }>(`SELECT ${VIEW} AS view`)
    if (seen?.view === view) return true
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || !NOT_OURS.includes(thrown.sqlState ?? '')) throw thrown
  }
  await source.execute('ROLLBACK')
  return false
}
