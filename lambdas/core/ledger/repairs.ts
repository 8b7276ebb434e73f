import type { Session } from '../postgres/connect.ts'
import { quoteLiteral } from '../postgres/identifiers.ts'
import { inTransaction } from '../postgres/transaction.ts'
import type { RunIdentity } from '../runtime/event.ts'

/**
 * Opens a sealed run to one repair, and to nobody else: it stays sealed to all starts of its own. Waits for a repair that is
 * writing; from then on that one is refused.
 * @returns false where the ledger has no such run, or it is not sealed
 */
export async function beginRepair(destination: Session, run: RunIdentity): Promise<boolean> {
  return inTransaction(destination, async () => {
    await destination.execute(`SET LOCAL lock_timeout = '${LOCK_SECONDS}s'`)
    // A statement of its own: writers hold the row FOR KEY SHARE, for which an UPDATE alone would not wait.
    await destination.rows(`SELECT 1 FROM sampan.run WHERE id = $1 FOR UPDATE`, [run.id])
    const rows = await destination.rows(
      `UPDATE sampan.run SET repaired_by = $2 WHERE id = $1 AND state = 'sealed' RETURNING id`,
      [run.id, run.execution],
    )
    return rows.length > 0
  })
}

const LOCK_SECONDS = 10

/** Nobody may write to the run any more, where the repair is still its last one. */
export async function endRepair(destination: Session, run: RunIdentity): Promise<void> {
  await destination.rows(`UPDATE sampan.run SET repaired_by = NULL WHERE id = $1 AND repaired_by = $2`, [
    run.id,
    run.execution,
  ])
}

/** Holds the run open to this repair until the transaction ends. @throws SampanError REPAIR_TAKEN_OVER */
export async function fenceRepair(destination: Session, run: string): Promise<void> {
  await destination.rows(`SELECT sampan.require_repair($1)`, [run])
}

/** The same as a text among others. */
export function requireRepairSql(run: string): string {
  return `SELECT sampan.require_repair(${quoteLiteral(run)})`
}

/** What was done to one table. */
export interface TableRepair {
  /** On the source. */
  readonly schema: string
  readonly name: string
  readonly deleted: number
  readonly inserted: number
}

/** Receipts, inside the transaction that repaired. */
export async function storeRepairs(
  destination: Session,
  run: RunIdentity,
  repairs: readonly TableRepair[],
): Promise<void> {
  await destination.rows(
    `INSERT INTO sampan.repair (run, execution, schema, name, deleted, inserted)
     SELECT $1, $2, r.schema, r.name, r.deleted, r.inserted
       FROM pg_catalog.jsonb_to_recordset($3::jsonb) AS r(schema text, name text, deleted bigint, inserted bigint)`,
    [run.id, run.execution, JSON.stringify(repairs)],
  )
}
