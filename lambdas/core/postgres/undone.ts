import type { Session } from './connect.ts'
import { DatabaseError } from './errors.ts'

/** A class of our own: the statements went well up to their end. */
const UNDO = 'SP099'

/**
 * Runs statements and undoes them. One simple Query is one transaction: the error at its end takes everything back and, in a
 * pipeline, leaves no transaction open for the statements behind it.
 * @throws SampanError what the statements met
 */
export async function undone(session: Session, statements: string): Promise<void> {
  try {
    await session.execute(`${statements};
      DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${UNDO}', MESSAGE = 'undone'; END $$`)
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || thrown.sqlState !== UNDO) throw thrown
  }
}
