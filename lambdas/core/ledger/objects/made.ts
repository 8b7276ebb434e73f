import type { Session } from '../../postgres/connect.ts'

/** `schema` and `name` of all that the run has made, as pg_dump names it on the destination. */
export async function readMadeNames(
  destination: Session,
  run: string,
): Promise<{ readonly schema: string | null; readonly name: string }[]> {
  return destination.rows(
    `SELECT COALESCE(destination_schema, schema) AS schema, COALESCE(destination_name, name) AS name FROM sampan.object WHERE run = $1 AND status IN ('migrated', 'transformed')`,
    [run],
  )
}
