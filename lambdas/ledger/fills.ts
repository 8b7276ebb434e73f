import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'

const REOPEN_FILLS = sqlFile(new URL('./sql/reopen-fills.sql', import.meta.url))

/**
 * Call it when all objects of the stage were tried.
 * @returns whether materialized views are to be filled once more
 */
export async function reopenFills(destination: Session, run: string, stage: 'index' | 'own'): Promise<boolean> {
  return (await destination.rows(REOPEN_FILLS, [run, stage])).length > 0
}
