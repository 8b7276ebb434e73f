import type { Session } from '../postgres/connect.ts'
import { DatabaseError } from '../postgres/errors.ts'
import { SampanError } from '../runtime/errors.ts'
import { streamClosed } from './stream-closed.ts'

/** A table that is followed, as the source had it in the view that its rows are of. */
export interface StreamedTable {
  /** The source's. */
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** Without generated columns. `type` is the source's OID, `modifier` -1 where the type has none. */
  readonly columns: readonly { readonly name: string; readonly type: number; readonly modifier: number }[]
  /** Names of the columns that tell its rows from each other, in the order of their index; `null`: whole rows do. */
  readonly key: readonly string[] | null
  /** `relfilenode`: the file that its rows were in. Not there where an older Sampan has opened the stream. */
  readonly file?: number | undefined
}

/** What is opened on the source so that it keeps its changes for a run. */
export interface StreamRow {
  readonly slot: string
  readonly publication: string
  readonly state: 'intended' | 'open' | 'arrived' | 'closed'
  readonly generation: number | null
  readonly system: string | null
  readonly timeline: number | null
  readonly tables: readonly StreamedTable[] | null
  /** Positions are PostgreSQL's text. */
  readonly receipt: string | null
  readonly changes: number
  readonly healed: number
  /** Bytes of WAL between the receipt and where the source stood at the last look. */
  readonly behind: number | null
  /** Bytes of WAL that the source keeps. */
  readonly retained: number | null
  readonly cutoverAt: string | null
  readonly withdrawn: string | null
  /** Why nothing of it is on the source any more: of one that has arrived as well. */
  readonly closedBecause: string | null
}

/** `null` where the run has never opened one. */
export async function readStream(destination: Session, run: string): Promise<StreamRow | null> {
  const [row] = await destination.rows<StreamRow>(
    `SELECT slot, publication, state, generation, system, timeline, tables, receipt::text AS receipt, changes::float8 AS changes,
            healed::float8 AS healed, (source_at - receipt)::float8 AS behind, retained::float8 AS retained,
            cutover_at::text AS "cutoverAt", withdrawn, closed_because AS "closedBecause"
       FROM sampan.stream WHERE run = $1`,
    [run],
  )
  return row ?? null
}

/**
 * Says what may be on the source from now on; written before anything is. Where changes of an older stream were applied, the destination
 * is further than the view that rows were copied in: nothing proves them any more, and they are copied anew.
 */
export async function intendStream(
  destination: Session,
  run: string,
  { slot, publication }: Pick<StreamRow, 'slot' | 'publication'>,
): Promise<void> {
  await destination.rows(
    `UPDATE sampan.chunk SET digest = NULL
      WHERE run = $1 AND EXISTS (SELECT FROM sampan.stream s WHERE s.run = $1 AND s.changes > 0)`,
    [run],
  )
  await destination.rows(
    `INSERT INTO sampan.stream (run, slot, publication, state) VALUES ($1, $2, $3, 'intended')
     ON CONFLICT (run) DO UPDATE SET slot = EXCLUDED.slot, publication = EXCLUDED.publication, state = 'intended',
       generation = NULL, tables = NULL, receipt = NULL, changes = 0, healed = 0, cutover_at = NULL, withdrawn = NULL, closed_because = NULL`,
    [run, slot, publication],
  )
}

export interface OpenedStream {
  readonly generation: number
  readonly system: string
  readonly timeline: number
  readonly tables: readonly StreamedTable[]
  /** Where the changes begin: those before are in the view. */
  readonly from: string
}

export async function storeOpened(destination: Session, run: string, opened: OpenedStream): Promise<void> {
  const { generation, system, timeline, tables, from } = opened
  await destination.rows(
    `UPDATE sampan.stream SET state = 'open', generation = $2, system = $3, timeline = $4, tables = $5, receipt = $6::pg_lsn
      WHERE run = $1`,
    [run, generation, system, timeline, JSON.stringify(tables), from],
  )
}

/** The newest view that rows were copied in; 0 where there was none. */
export async function newestGeneration(destination: Session, run: string): Promise<number> {
  const [row] = await destination.rows<{ generation: number }>(
    `SELECT COALESCE(max(generation), 0) AS generation FROM sampan.snapshot WHERE run = $1`,
    [run],
  )
  return row?.generation ?? 0
}

/** Advisory locks have no names. */
const RECEIPT_LOCK = `('x' || pg_catalog.substr(pg_catalog.md5(pg_catalog.concat('sampan receipt ', $1::text)), 1, 16))::bit(64)::bigint`

/**
 * Holds the receipt until the transaction ends: of two that follow, the second waits and is then refused. Not by its row, which others
 * write to meanwhile, the same process above all: a transaction of the source may be open here for minutes.
 * @param destination a pipelined session @param at where the caller believes it to be
 * @throws SampanError FOLLOW_TAKEN_OVER, FOLLOW_STREAM_CLOSED
 */
export async function holdReceipt(destination: Session, run: string, at: string): Promise<void> {
  const [, held] = await Promise.all([
    destination.rows(`SELECT pg_catalog.pg_advisory_xact_lock(${RECEIPT_LOCK})`, [run]),
    // A statement of its own: it sees what was waited for.
    destination.rows(`SELECT 1 FROM sampan.stream WHERE run = $1 AND state = 'open' AND receipt = $2::pg_lsn`, [
      run,
      at,
    ]),
  ])
  if (held.length === 0) throw await whyNotHeld(destination, run)
}

/**
 * Everything before `to` is in the destination, as of this transaction. Where that is not to be so, the transaction is aborted: whoever
 * has sent COMMIT behind it commits nothing.
 * @throws SampanError FOLLOW_TAKEN_OVER, FOLLOW_STREAM_CLOSED
 */
export async function moveReceipt(
  destination: Session,
  run: string,
  move: { readonly from: string; readonly to: string; readonly changes: number; readonly healed: number },
): Promise<void> {
  try {
    await destination.rows(
      `WITH moved AS (
         UPDATE sampan.stream SET receipt = $3::pg_lsn, changes = changes + $4, healed = healed + $5
          WHERE run = $1 AND state = 'open' AND receipt = $2::pg_lsn RETURNING 1)
       SELECT 1 OPERATOR(pg_catalog./) pg_catalog.count(*) FROM moved`,
      [run, move.from, move.to, move.changes, move.healed],
    )
  } catch (thrown) {
    if (thrown instanceof DatabaseError && thrown.sqlState === DIVISION_BY_ZERO)
      throw await whyNotHeld(destination, run)
    throw thrown
  }
}

const DIVISION_BY_ZERO = '22012'

/** Keeps what a look at the source has found. */
export async function noteSource(
  destination: Session,
  run: string,
  found: { readonly at: string; readonly retained: string | null },
): Promise<void> {
  await destination.rows(
    `UPDATE sampan.stream SET source_at = $2::pg_lsn, retained = $3::bigint, looked_at = pg_catalog.clock_timestamp() WHERE run = $1`,
    [run, found.at, found.retained],
  )
}

/** The operator's word that nobody writes any more. @returns false where nothing follows */
export async function requestCutover(destination: Session, run: string): Promise<boolean> {
  const rows = await destination.rows(
    `UPDATE sampan.stream s SET cutover_at = pg_catalog.clock_timestamp(), withdrawn = NULL
       FROM sampan.run r WHERE s.run = $1 AND r.id = s.run AND s.state = 'open' AND r.copied_at IS NOT NULL RETURNING 1`,
    [run],
  )
  return rows.length > 0
}

/** Following goes on. */
export async function withdrawCutover(destination: Session, run: string, why: string): Promise<void> {
  await destination.rows(`UPDATE sampan.stream SET cutover_at = NULL, withdrawn = $2 WHERE run = $1`, [run, why])
}

/** All changes are here. The caller's transaction has what the source came to beside it. @param tables as they are now */
export async function markArrived(destination: Session, run: string, tables: StreamRow['tables']): Promise<void> {
  await destination.rows(`UPDATE sampan.stream SET state = 'arrived', tables = $2 WHERE run = $1 AND state = 'open'`, [
    run,
    JSON.stringify(tables),
  ])
}

/** Nothing of it is on the source any more. What has arrived stays so: its rows can be compared. @returns false where that was known */
export async function markStreamGone(destination: Session, run: string, why: string): Promise<boolean> {
  const gone = await destination.rows(
    `UPDATE sampan.stream SET state = CASE state WHEN 'arrived' THEN state ELSE 'closed' END, closed_because = $2
      WHERE run = $1 AND state <> 'closed' AND (state <> 'arrived' OR closed_because IS NULL) RETURNING 1`,
    [run, why],
  )
  return gone.length > 0
}

/** The run is over, or cannot go on: what is on the source is of no more use. */
export async function markClosed(destination: Session, run: string, why: string): Promise<void> {
  await destination.rows(
    `UPDATE sampan.stream SET state = 'closed', closed_because = COALESCE(closed_because, $2) WHERE run = $1 AND state <> 'closed'`,
    [run, why],
  )
}

async function whyNotHeld(destination: Session, run: string): Promise<SampanError> {
  // In a transaction that is aborted it cannot be asked.
  const row = await readStream(destination, run).catch(() => null)
  if (row?.state === 'closed') return streamClosed(row.closedBecause ?? 'the run had ended before')
  return new SampanError({
    code: 'FOLLOW_TAKEN_OVER',
    message: 'another worker follows for this run: its position is no longer the one that this worker had left it at',
    remedy: 'nothing was written: let the other one go on, and look which executions of the run are at work',
  })
}
