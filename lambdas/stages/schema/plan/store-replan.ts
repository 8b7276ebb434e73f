import { fenceRun } from '../../../core/ledger/fence.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { storePlan } from '../ledger-objects.ts'
import type { KnownRelation, Replan } from './replan.ts'
import { dropIfThere, type KnownObject } from './unmake.ts'

/** The plan as the ledger has it. */
export async function readKnown(
  destination: Session,
  run: string,
): Promise<{ objects: KnownObject[]; relations: KnownRelation[] }> {
  const [objects, relations] = await Promise.all([
    destination.rows<KnownObject>(
      `SELECT id, position, kind, schema, name, oid, sql, drop_sql AS "dropSql", dependencies,
              status IN ('migrated', 'transformed') OR built_at IS NOT NULL AS made
         FROM sampan.object WHERE run = $1 ORDER BY position`,
      [run],
    ),
    destination.rows<KnownRelation>(
      `SELECT oid, schema, name, columns, types, tree, object, condition AS "where" FROM sampan.relation WHERE run = $1`,
      [run],
    ),
  ])
  return { objects, relations }
}

/**
 * Takes from the destination what has changed, and writes what is to be made instead; call it inside the transaction that
 * stores the plan. What was copied of a table that goes is copied anew.
 * @throws SampanError SRC_STRUCTURE_CHANGED where something else on the destination stands on what has to go
 */
export async function storeReplan(destination: Session, run: string, changes: Replan): Promise<void> {
  await fenceRun(destination, run)
  await unmake(destination, changes.unmade)
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

async function unmake(destination: Session, objects: readonly KnownObject[]): Promise<void> {
  const drops = objects.map(dropIfThere).filter((sql) => sql !== '')
  if (drops.length === 0) return
  try {
    await destination.execute(drops.join('\n'))
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || thrown.sqlState === null) throw thrown
    throw inTheWay(objects, thrown)
  }
}

const NAMED = 10

function inTheWay(objects: readonly KnownObject[], cause: DatabaseError): SampanError {
  const names = objects
    .slice(0, NAMED)
    .map(({ kind, schema, name }) => `${kind} ${schema === null ? '' : `${schema}.`}${name}`)
  const rest = objects.length - names.length
  return new SampanError({
    code: 'SRC_STRUCTURE_CHANGED',
    message: `the source’s structure has changed since these were made on the destination, and they cannot be dropped there to be made anew: ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''} (${cause.message})`,
    remedy:
      'drop by hand, on the destination, what stands on them there and is not of this run; then start the task again',
    cause,
  })
}
