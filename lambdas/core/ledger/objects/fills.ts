import type { Session } from '../../postgres/connect.ts'
import { sqlFile } from '../../postgres/sql-file.ts'

const REOPEN_FILLS = sqlFile(new URL('./sql/reopen-fills.sql', import.meta.url))

/** Of the event that tells of a materialized view with another number of rows than the source's. */
export const VIEW_DIFFERS = 'MATERIALIZED_VIEW_DIFFERS'

/** A materialized view that was filled, by its names at both ends. */
export interface FilledView {
  readonly schema: string
  readonly name: string
  readonly thereSchema: string
  readonly thereName: string
}

export async function readFilledViews(destination: Session, run: string): Promise<FilledView[]> {
  return destination.rows(
    `SELECT schema, name, COALESCE(destination_schema, schema) AS "thereSchema", COALESCE(destination_name, name) AS "thereName"
       FROM sampan.object
      WHERE run = $1 AND kind = 'MATERIALIZED VIEW DATA' AND status IN ('migrated', 'transformed') ORDER BY 1, 2`,
    [run],
  )
}

/**
 * Call it when all objects of the stage were tried.
 * @returns whether materialized views are to be filled once more
 */
export async function reopenFills(destination: Session, run: string, stage: 'index' | 'own'): Promise<boolean> {
  return (await destination.rows(REOPEN_FILLS, [run, stage])).length > 0
}
