import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'
import { TID_RANGES } from '../postgres/tid-ranges.ts'
import { byNumber } from './by-number.ts'
import type { Chunk } from './chunks/chunk.ts'
import { isLargeObjects, type RelationAtDestination } from './relation.ts'

/** A piece of the destination that one lane reads: pages of a table, or large objects by their ids. */
export interface DigestPart {
  readonly id: number
  readonly relation: RelationAtDestination
  readonly range: Pick<Chunk, 'kind' | 'lower' | 'upper' | 'keyColumn'>
  /** Of rows that came beside others: which run’s, and of which relation on the source; null: all rows of the table are the source’s. */
  readonly beside: { readonly run: string; readonly relation: number } | null
}

/** What was read of a part. `rows` and `digest` are the server's own text. */
export interface DigestResult {
  readonly id: number
  readonly rows: string
  readonly digest: string | null
  /** Rows that are none of the source’s. @default null: all are */
  readonly others?: string | null
}

const PLAN = sqlFile(new URL('./sql/plan-digest-parts.sql', import.meta.url))
const CLAIM = sqlFile(new URL('./sql/claim-digest-parts.sql', import.meta.url))

/** Cuts the destination into parts of about `partBytes`, in place of the parts there were. Call it in a transaction. */
export async function planParts(destination: Session, run: string, partBytes: number): Promise<void> {
  await Promise.all([
    destination.rows(`DELETE FROM sampan.digest_part WHERE run = $1`, [run]),
    destination.rows(PLAN, [run, partBytes, destination.serverVersion >= TID_RANGES]),
  ])
}

/** True where a chunk was copied after the parts were planned: what they read may be gone. */
export async function copiedSincePlan(destination: Session, run: string): Promise<boolean> {
  const [row] = await destination.rows<{ copied: boolean }>(
    `SELECT EXISTS (SELECT FROM sampan.chunk c JOIN sampan.run r ON r.id = c.run
                     WHERE r.id = $1 AND c.finished_at > r.validation_planned_at) AS copied`,
    [run],
  )
  return row?.copied ?? false
}

/** True where the comparison so far is an earlier start's. Of a run that an older Sampan has begun it is taken for one. */
export async function comparedBefore(destination: Session, run: string): Promise<boolean> {
  const [row] = await destination.rows<{ before: boolean }>(
    `SELECT r.compared_by IS DISTINCT FROM r.execution AS before FROM sampan.run r WHERE r.id = $1`,
    [run],
  )
  return row?.before ?? false
}

/** From here on the comparison is the present start's. Call it in the transaction that plans it. */
export async function compareForThisStart(destination: Session, run: string): Promise<void> {
  await destination.rows(`UPDATE sampan.run SET compared_by = execution WHERE id = $1`, [run])
}

/** A relation whose rows the account may read on the destination, or may not: what was given to its owner can be out of sight. */
export interface Readable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly readable: boolean
}

/** The relations of a run that stand on the destination, the large objects among them. One question, whatever their number. */
export function readReadable(destination: Session, run: string): Promise<Readable[]> {
  return destination.rows<Readable>(
    `SELECT r.oid, r.schema, r.name,
            CASE WHEN r.oid = 0
                 THEN NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata m WHERE NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE'))
                 ELSE pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
                      AND NOT pg_catalog.row_security_active(c.oid) END AS readable
       FROM sampan.relation r CROSS JOIN LATERAL sampan.destination_of(r) d
       LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = d.schema
       LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = d.name
      WHERE r.run = $1 AND (r.oid = 0 OR c.oid IS NOT NULL) ORDER BY r.schema, r.name`,
    [run],
  )
}

/** Lets the destination's rows of these relations be read once more. */
export async function reopenParts(destination: Session, run: string, relations: readonly number[]): Promise<void> {
  await destination.rows(
    `UPDATE sampan.digest_part SET state = 'pending', rows = NULL, digest = NULL
      WHERE run = $1 AND relation = ANY ($2::oid[])`,
    [run, relations],
  )
}

interface ClaimedPart extends Omit<RelationAtDestination, 'side'> {
  readonly id: number
  readonly relation: number
  readonly lower: string | null
  readonly upper: string | null
  readonly beside: boolean
}

/** Claims parts inside the open transaction; empty where nothing is left that nobody else holds. */
export async function claimParts(
  destination: Session,
  run: string,
  small: { readonly bytes: number; readonly count: number },
): Promise<DigestPart[]> {
  const rows = await destination.rows<ClaimedPart>(CLAIM, [run, small.bytes, small.count])
  return rows.map(({ id, relation, lower, upper, beside, ...end }) => ({
    id,
    relation: { side: 'destination', ...end },
    beside: beside ? { run, relation } : null,
    range: { kind: isLargeObjects({ oid: relation }) ? 'large_objects' : 'tid', lower, upper, keyColumn: null },
  }))
}

/** The receipts of the parts claimed, inside the transaction that claimed them. */
export async function storeResults(
  destination: Session,
  run: string,
  results: readonly DigestResult[],
  milliseconds: number,
): Promise<void> {
  await destination.rows(
    `UPDATE sampan.digest_part p SET state = 'done', rows = r.rows, digest = r.digest, others = r.others, milliseconds = $3
       FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS r(id integer, rows bigint, digest numeric, others bigint)
      WHERE p.${byNumber('digest_part', '$1', '$4::integer[]')} AND p.id = r.id`,
    [run, JSON.stringify(results), milliseconds / Math.max(1, results.length), results.map(({ id }) => id)],
  )
}

export async function countOpenParts(destination: Session, run: string): Promise<number> {
  const [row] = await destination.rows<{ open: number }>(`SELECT sampan.count_open_parts($1)::integer AS open`, [run])
  return row?.open ?? 0
}
