import type { Session } from '../../postgres/connect.ts'

/** An object of the source that did not arrive. */
export interface UnsettledObject {
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly status: 'pending' | 'failed' | 'blocked'
  readonly errorCode: string | null
  /** It is made for its owner, when all else is accounted for. */
  readonly forOwner: boolean
}

/** What fills a materialized view: all of its rows are made from others, at any later time too. */
export function isFill(kind: string): boolean {
  return kind === 'MATERIALIZED VIEW DATA'
}

/** Objects without an account yet, and those that failed or were blocked by one that failed; in the archive's order. */
export async function readUnsettledObjects(destination: Session, run: string): Promise<UnsettledObject[]> {
  return destination.rows<UnsettledObject>(
    `SELECT kind, schema, name, status, error_code AS "errorCode", stage = 'own' AS "forOwner" FROM sampan.object
      WHERE run = $1 AND status IN ('pending', 'failed', 'blocked') ORDER BY position, id`,
    [run],
  )
}
