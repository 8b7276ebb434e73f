import type { Session } from '../../postgres/connect.ts'
import { quoteQualified } from '../../postgres/identifiers.ts'

/**
 * Takes back the run's foreign keys of a table and to it, which are made when all rows are there: in a run that is started again they stand
 * already. What is referred to cannot be emptied, and rows that come again may refer to some that are still to come.
 * Call it inside the transaction that empties the table.
 */
export async function unmakeKeys(
  destination: Session,
  run: string,
  relation: { readonly schema: string; readonly name: string },
): Promise<void> {
  const keys = await destination.rows<{ id: number; sql: string }>(STANDING_KEYS, [
    run,
    quoteQualified(relation.schema, relation.name),
  ])
  if (keys.length === 0) return
  const ids = keys.map(({ id }) => id)
  await destination.execute(keys.map(({ sql }) => sql).join(';\n'))
  await destination.rows(`DELETE FROM sampan.key_part WHERE run = $1 AND object = ANY ($2::integer[])`, [run, ids])
  await destination.rows(
    `UPDATE sampan.object o SET status = 'pending', built_at = NULL, finished_at = NULL
      WHERE o.run = $1 AND (o.id = ANY ($2::integer[]) OR o.kind = 'COMMENT' AND o.dependencies && $2::integer[]
                                                          AND o.status IN ('migrated', 'transformed'))`,
    [run, ids],
  )
}

/** $1 run, $2 the table. A partition's own copy of a key goes with the key of the whole. */
const STANDING_KEYS = `
  WITH RECURSIVE tree AS (
    SELECT $2::pg_catalog.regclass::pg_catalog.oid AS oid
    UNION SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
  ), key AS (
    SELECT k.oid, COALESCE((pg_catalog.to_jsonb(k) ->> 'conparentid')::pg_catalog.oid, 0) AS parent FROM pg_catalog.pg_constraint k
     WHERE k.contype = 'f' AND (k.confrelid IN (SELECT t.oid FROM tree t) OR k.conrelid IN (SELECT t.oid FROM tree t))
    UNION
    SELECT k.oid, COALESCE((pg_catalog.to_jsonb(k) ->> 'conparentid')::pg_catalog.oid, 0)
      FROM key c JOIN pg_catalog.pg_constraint k ON k.oid = c.parent
  )
  SELECT o.id, pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::pg_catalog.regclass, k.conname) AS sql
    FROM key JOIN pg_catalog.pg_constraint k ON k.oid = key.oid AND key.parent = 0
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN sampan.object o ON o.run = $1 AND o.kind = 'FK CONSTRAINT' AND COALESCE(o.destination_schema, o.schema) = n.nspname
                        AND COALESCE(o.destination_name, o.name) = pg_catalog.concat_ws(' ', c.relname, k.conname)
   WHERE NOT o.kept AND (o.status IN ('migrated', 'transformed') OR o.built_at IS NOT NULL)
   ORDER BY o.id FOR UPDATE OF o`
