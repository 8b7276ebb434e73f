import type { Session } from '../../postgres/connect.ts'

/** Names, on the source, of the objects that come with the run; those that could not be made do not. */
export function readComing(
  destination: Session,
  run: string,
): Promise<{ readonly schema: string | null; readonly name: string }[]> {
  return destination.rows(
    `SELECT schema, name FROM sampan.object WHERE run = $1 AND stage <> 'never' AND status NOT IN ('failed', 'blocked')`,
    [run],
  )
}
