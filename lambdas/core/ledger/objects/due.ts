import type { Session } from '../../postgres/connect.ts'
import type { Stage } from './planned.ts'

/** An object as a stage needs it, as the destination calls it. */
export interface DueObject {
  readonly id: number
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly sql: string
  readonly verdict: 'migrate' | 'transform'
  readonly bytes: number
  /**
   * The destination's default privileges would have a say in its rights: they are taken from it again.
   * @default false
   */
  readonly plain?: boolean
}

/** Whether what the account makes is born with other rights than PostgreSQL's own. Asked anew for every flight. */
const HAS_DEFAULTS = `(SELECT pg_catalog.count(*) > 0 FROM pg_catalog.pg_default_acl d
  WHERE d.defaclrole = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER))`

/** What a stage has still to make, in the order in which it can be made. */
export async function readDue(session: Session, run: string, stage: Stage, limit: number): Promise<DueObject[]> {
  return session.rows<DueObject>(
    `SELECT o.id, o.kind, COALESCE(o.destination_schema, o.schema) AS schema, COALESCE(o.destination_name, o.name) AS name, o.sql, o.verdict, o.bytes::float8 AS bytes, ${HAS_DEFAULTS} AND NOT o.kept AS plain
       FROM sampan.object o
      WHERE o.run = $1 AND o.stage = $2 AND o.status = 'pending' ORDER BY o.position LIMIT $3`,
    [run, stage, limit],
  )
}
