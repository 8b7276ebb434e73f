import { relationTitle } from '../ledger/comparisons.ts'
import { giveUpView } from '../ledger/copy-round.ts'
import { writeEvents } from '../ledger/events.ts'
import { fenceRun } from '../ledger/fence.ts'
import { LARGE_OBJECTS_OID, type Relation } from '../ledger/relations.ts'
import type { Session } from '../postgres/connect.ts'
import { quoteLiteral, quoteQualified } from '../postgres/identifiers.ts'
import { inTransaction } from '../postgres/transaction.ts'
import { SampanError } from '../runtime/errors.ts'
import { emptyRelation } from './empty-relation.ts'

/** A table that is rewritten so often while it is copied will be rewritten again. */
const MOST_REWRITES = 5

/**
 * Which of these tables the source has rewritten since the view was taken, oids. A view does not protect from that: TRUNCATE and
 * a rewriting ALTER TABLE leave nothing that it sees, and VACUUM FULL and CLUSTER lay the rows in other places, so that ranges
 * of pages read before and after lose rows or have them twice. The file in the view's own `pg_class` is compared with
 * the file as it is now; as the transaction has read the tables, its locks keep both as they are.
 * @returns null where there is no table among them
 */
export function rewrittenQuery(relations: readonly Relation[]): string | null {
  const tables = relations.filter(({ oid }) => oid !== LARGE_OBJECTS_OID)
  if (tables.length === 0) return null
  const named = tables.map(({ oid, schema, name }) => {
    const found = `pg_catalog.to_regclass(${quoteLiteral(quoteQualified(schema, name))})`
    return `(${oid}::pg_catalog.oid, ${oid}::pg_catalog.oid, ${found}::pg_catalog.oid)`
  })
  const trees = tables.filter(({ tree }) => tree).map(({ oid }) => oid)
  const leaves =
    trees.length === 0
      ? ''
      : ` UNION ALL (WITH RECURSIVE leaf AS (
            SELECT i.inhparent AS root, i.inhrelid AS oid FROM pg_catalog.pg_inherits i WHERE i.inhparent IN (${trees.join()})
            UNION ALL SELECT l.root, i.inhrelid FROM leaf l JOIN pg_catalog.pg_inherits i ON i.inhparent = l.oid)
          SELECT root, oid, oid FROM leaf)`
  return `SELECT t.root::text FROM (VALUES ${named.join()}${leaves}) AS t(root, oid, found)
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid
   WHERE t.found IS DISTINCT FROM t.oid
      OR NULLIF(c.relfilenode, 0) IS DISTINCT FROM pg_catalog.pg_relation_filenode(t.oid) LIMIT 1`
}

export function tableRewritten(relation: Relation): SampanError {
  return new SampanError({
    code: 'SRC_TABLE_REWRITTEN',
    message: `${relationTitle(relation)} was rewritten on the source while it was copied (TRUNCATE, VACUUM FULL, CLUSTER, ALTER TABLE)`,
    remedy: 'leave that until the rows are copied, or exclude the table; then start the task again',
  })
}

/**
 * Gives up the view for a newer one, and lets the relation be copied anew in that, before all others. Of two lanes that
 * find the same one does it.
 * @throws SampanError SRC_TABLE_REWRITTEN where it has happened too often
 */
export async function copyInNewerView(
  destination: Session,
  run: string,
  relation: Relation,
  generation: number,
): Promise<void> {
  const error = tableRewritten(relation)
  const rewrites = await inTransaction(destination, async () => {
    await fenceRun(destination, run)
    const [due] = await destination.rows<{ rewrites: number }>(
      `SELECT rewrites FROM sampan.relation WHERE run = $1 AND oid = $2 AND reset_generation <= $3 FOR UPDATE`,
      [run, relation.oid, generation],
    )
    if (due === undefined) return 0
    await emptyRelation(destination, run, relation)
    await destination.rows(
      `UPDATE sampan.relation SET reset_generation = $3, rewrites = rewrites + 1 WHERE run = $1 AND oid = $2`,
      [run, relation.oid, generation + 1],
    )
    await giveUpView(destination, run, generation)
    const message = `${error.message}: the view is taken anew, and the table copied again`
    await writeEvents(destination, run, [{ level: 'warning', step: 'CopyLanes', code: error.code, message }])
    return due.rewrites + 1
  })
  // A run that is started again has as many attempts.
  if (rewrites > 0 && rewrites % MOST_REWRITES === 0) throw error
}
