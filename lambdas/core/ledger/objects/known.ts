import type { Session } from '../../postgres/connect.ts'
import type { TableRead } from '../relation.ts'
import { type PlannedObject, type PlannedRelation, storePlan } from './planned.ts'

/** An object of the plan before. */
export interface KnownObject {
  readonly id: number
  readonly position: number
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly oid: number
  readonly sql: string
  readonly dropSql: string
  readonly dependencies: readonly number[]
  /** It is on the destination, or a part of it is. */
  readonly made: boolean
  /** It stood there before the run. */
  readonly kept: boolean
}

/** A relation of the plan before. */
export type KnownRelation = Pick<PlannedRelation, 'oid' | 'schema' | 'name' | 'columns' | 'types' | 'object'> & {
  readonly tree: boolean
  readonly where: string | null
  readonly expressions: readonly (string | null)[] | null
  readonly excluded: readonly string[]
  readonly reads: readonly TableRead[]
}

/** The plan as the ledger has it. */
export async function readKnown(
  destination: Session,
  run: string,
): Promise<{ objects: KnownObject[]; relations: KnownRelation[] }> {
  const [objects, relations] = await Promise.all([
    destination.rows<KnownObject>(
      `SELECT id, position, kind, schema, name, oid, sql, drop_sql AS "dropSql", dependencies,
              status IN ('migrated', 'transformed') OR built_at IS NOT NULL AS made, kept
         FROM sampan.object WHERE run = $1 ORDER BY position`,
      [run],
    ),
    destination.rows<KnownRelation>(
      `SELECT oid, schema, name, columns, types, tree, object, condition AS "where", expressions, excluded, reads FROM sampan.relation WHERE run = $1`,
      [run],
    ),
  ])
  return { objects, relations }
}

/** What a plan that was made anew keeps of the one before, and what it adds. */
export interface PlanChanges {
  /** Objects that keep their row and their receipt. */
  readonly kept: readonly PlannedObject[]
  readonly fresh: readonly PlannedObject[]
  /** Relations that keep their chunks, each with the object that makes it. */
  readonly keptRelations: readonly Pick<PlannedRelation, 'oid' | 'object'>[]
  readonly freshRelations: readonly PlannedRelation[]
}

/** Puts the new plan in place of the one before; call it inside the transaction that stores the rest of the plan. */
export async function storeChanges(destination: Session, run: string, changes: PlanChanges): Promise<void> {
  const kept = changes.kept.map(({ id, position, dependencies, bytes, rowsOf, worksOn }) => ({
    ...{ id, position, dependencies, bytes, rowsOf, worksOn },
  }))
  await Promise.all([
    destination.rows(`DELETE FROM sampan.object WHERE run = $1 AND id <> ALL ($2::integer[])`, [
      run,
      kept.map(({ id }) => id),
    ]),
    destination.rows(`DELETE FROM sampan.relation WHERE run = $1 AND oid <> ALL ($2::oid[])`, [
      run,
      changes.keptRelations.map(({ oid }) => oid),
    ]),
    // Rows that were left out were an object of their own.
    destination.rows(
      `UPDATE sampan.relation r SET object = k.object
         FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS k(oid oid, object integer)
        WHERE r.run = $1 AND r.oid = k.oid AND r.object IS DISTINCT FROM k.object`,
      [run, JSON.stringify(changes.keptRelations)],
    ),
    destination.rows(
      `UPDATE sampan.object o
          SET position = k.position, dependencies = k.dependencies, bytes = k.bytes, rows_of = k."rowsOf", works_on = k."worksOn"
         FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS k(
           id integer, "position" integer, dependencies integer[], bytes bigint, "rowsOf" oid[], "worksOn" text)
        WHERE o.run = $1 AND o.id = k.id`,
      [run, JSON.stringify(kept)],
    ),
    ...storePlan(destination, run, changes.fresh, changes.freshRelations),
    // The copy's plan is completed for what has no chunks yet.
    destination.rows(`UPDATE sampan.run SET copy_planned_at = NULL WHERE id = $1`, [run]),
  ])
}
