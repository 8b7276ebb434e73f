import type { Session } from '../../postgres/connect.ts'
import type { Stage } from '../objects/planned.ts'

/** An object of a plan with the statement that makes it. */
export interface PlannedStatement {
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  /** The same as the destination calls it. */
  readonly thereSchema: string | null
  readonly thereName: string
  readonly stage: Stage
  readonly verdict: 'migrate' | 'transform' | 'skip'
  readonly reason: string | null
  /** Why it is not made though it is chosen: what it needs is left out. */
  readonly blocked: boolean
  readonly sql: string
  /** The object in two steps, where that gains; else both null. */
  readonly buildSql: string | null
  readonly finishSql: string | null
  /** Of the relation that it reads; 0 where it reads none. */
  readonly bytes: number
}

/** All objects of a plan, stage after stage, each in the order in which it can be made. */
export function readPlannedStatements(destination: Session, run: string): Promise<PlannedStatement[]> {
  return destination.rows<PlannedStatement>(
    `SELECT o.kind, o.schema, o.name, COALESCE(o.destination_schema, o.schema) AS "thereSchema",
            COALESCE(o.destination_name, o.name) AS "thereName", o.stage, o.verdict, o.reason, o.status = 'blocked' AS blocked, o.sql,
            o.build_sql AS "buildSql", o.finish_sql AS "finishSql", o.bytes::float8 AS bytes
       FROM sampan.object o WHERE o.run = $1
      ORDER BY pg_catalog.array_position(ARRAY['create', 'index', 'link', 'own', 'never'], o.stage), o.position, o.id`,
    [run],
  )
}
