import { currentSnapshot, publishSnapshot, type SnapshotRow } from '../ledger/snapshots.ts'
import type { Session } from '../postgres/connect.ts'
import { DatabaseError } from '../postgres/errors.ts'
import { quoteLiteral } from '../postgres/identifiers.ts'

const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'

/** How this keeper came to its view. */
export interface Held {
  readonly generation: number
  readonly hop: number
  /** The chain was broken: this is a new view, and what was copied before has to be proved. */
  readonly renewed: boolean
}

/**
 * Takes over the view that the other keeper holds, or takes a new one where nobody holds any: a session that imported a
 * snapshot can export it again (PostgreSQL 9.4 to 18), so the view outlives every single keeper.
 * @returns null where the other keeper was faster; try again
 */
export async function takeView(
  source: Session,
  destination: Session,
  run: string,
  holder: string,
  lifeSeconds: number,
): Promise<Held | null> {
  const current = await currentSnapshot(destination, run)
  const imported = current !== null && (await importSnapshot(source, current))
  if (!imported) await source.execute(BEGIN)
  const generation = (current?.generation ?? 0) + (imported ? 0 : 1)
  const hop = imported ? current.hop + 1 : 0
  const [exported] = await source.rows<{ id: string }>('SELECT pg_catalog.pg_export_snapshot() AS id')
  const published = await publishSnapshot(destination, run, {
    generation,
    hop,
    id: exported?.id ?? '',
    holder,
    position: imported ? null : await position(source),
    lifeSeconds,
  })
  if (!published) {
    await source.execute('ROLLBACK')
    return null
  }
  return { generation, hop, renewed: !imported && current !== null }
}

async function importSnapshot(source: Session, snapshot: SnapshotRow): Promise<boolean> {
  try {
    await source.execute(`${BEGIN}; SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot.id)}`)
    return true
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || !['22023', '42704'].includes(thrown.sqlState ?? '')) throw thrown
    await source.execute('ROLLBACK')
    return false
  }
}

/** Where the source's WAL stood; null on a standby, which has no position of its own. */
async function position(source: Session): Promise<string | null> {
  const name = source.serverVersion >= 100_000 ? 'pg_current_wal_lsn' : 'pg_current_xlog_location'
  const [row] = await source.rows<{ position: string | null }>(
    `SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE pg_catalog.${name}()::text END AS position`,
  )
  return row?.position ?? null
}
