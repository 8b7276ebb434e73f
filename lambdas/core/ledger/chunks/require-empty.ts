import type { Session } from '../../postgres/connect.ts'

/**
 * Asks, inside a flight's transaction and before its rows, that tables which stood there before the run are empty as long as no receipt says
 * that rows have come. They are locked against others' writes until the transaction ends.
 * @param relations their oids on the source
 * @throws SampanError `DST_TABLE_FILLED`
 */
export async function requireEmpty(destination: Session, run: string, relations: readonly number[]): Promise<void> {
  await destination.rows('SELECT sampan.require_empty($1, $2::oid[])', [run, relations])
}
