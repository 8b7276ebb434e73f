import type { Session } from '../postgres/connect.ts'

/** The slot is there, and the source has not given up what it keeps (`wal_status`, from 13 on). */
export async function isUsable(source: Session, name: string): Promise<boolean> {
  const [slot] = await source.rows<{ lost: boolean }>(
    `SELECT COALESCE(pg_catalog.row_to_json(s) ->> 'wal_status' = 'lost', false) AS lost FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1`,
    [name],
  )
  return slot?.lost === false
}
