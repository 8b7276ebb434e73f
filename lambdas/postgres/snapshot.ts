import type { Session } from './connect.ts'
import { DatabaseError } from './errors.ts'
import { quoteLiteral } from './identifiers.ts'

/** A transaction that reads one view from its first statement to its end, and never writes. */
export const BEGIN_VIEW = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'

/**
 * Opens a transaction in an exported snapshot.
 * @returns false where the snapshot's owner is gone (SQLSTATE 22023, from 17 on 42704); no transaction is open then
 */
export async function beginInSnapshot(source: Session, id: string): Promise<boolean> {
  try {
    await source.execute(`${BEGIN_VIEW}; SET TRANSACTION SNAPSHOT ${quoteLiteral(id)}`)
    return true
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || !['22023', '42704'].includes(thrown.sqlState ?? '')) throw thrown
    await source.execute('ROLLBACK')
    return false
  }
}
