import { fenceRun } from '../../core/ledger/fence.ts'
import { readRelations } from '../../core/ledger/relations.ts'
import { destinationPath, readRun } from '../../core/ledger/run.ts'
import { newestGeneration, readStream, type StreamedTable, type StreamRow } from '../../core/ledger/stream.ts'
import { streamClosed } from '../../core/ledger/stream-closed.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { ChangeStream } from '../../core/stream/change-stream.ts'
import { endReader } from '../../core/stream/leftovers.ts'
import { parseLsn } from '../../core/stream/lsn.ts'
import { identify, openWalsender } from '../../core/stream/open-stream.ts'
import { readGivenUp } from '../../core/stream/retained.ts'
import { Applier } from './applier.ts'
import { readTablesThere } from './destination-tables.ts'
import { Follower } from './follower.ts'
import { requireTablesOfSource } from './source-tables.ts'
import { Translator } from './translate.ts'

/** A follower at work, and what it reads by. */
export interface Following {
  readonly stream: ChangeStream
  readonly follower: Follower
  readonly applier: Applier
  /** By which it reads. */
  readonly slot: string
  readonly tables: readonly StreamedTable[]
}

interface SlotFacts {
  readonly confirmed: string | null
  readonly status: string | null
  readonly ahead: boolean
  readonly beyond: boolean
  readonly published: number
}

/**
 * Begins to follow from the receipt, where the position is still what it was: the slot has everything behind the receipt, and the
 * source is the one it was opened on.
 * @param destination for the changes alone
 */
export async function beginFollowing(
  event: StepEvent,
  step: StepTools,
  source: Session,
  destination: Session,
): Promise<Following> {
  const run = event.run.id
  // Before anything is ended on the source: another start may be at work, and read by the slot.
  await fenceRun(destination, run)
  const known = await readStream(destination, run)
  requireOpen(known)
  // What it commits until its stream ends is in the receipt that is read behind it.
  if (known !== null) await endReader(source, known.slot)
  const row = await readStream(destination, run)
  const { receipt, tables } = requireOpen(row)
  const [generation, relations, identity] = [
    await newestGeneration(destination, run),
    await readRelations(destination, run),
    await readRun(destination, run),
  ]
  if (generation !== row?.generation) throw lost('the rows were copied in another view than the changes begin at')
  const there = await readTablesThere(destination, relations, tables)
  const { environment, signal } = step
  const sender = await openWalsender({ event, environment, signal })
  try {
    const { systemid, timeline } = await identify(sender)
    if (systemid !== row.system || timeline !== row.timeline)
      throw lost('the source is another server than the slot was opened on, or another one has taken its place')
    await requireTablesOfSource(source, tables)
    await checkSlot(source, row, receipt)
    const from = parseLsn(receipt)
    const stream = new ChangeStream(sender, { slot: row.slot, publication: row.publication, from })
    const applier = new Applier(destination, run, destinationPath(identity.source), there, from)
    return { slot: row.slot, tables, stream, applier, follower: new Follower(stream, applier, new Translator(tables)) }
  } catch (thrown) {
    sender.destroy()
    throw thrown
  }
}

function requireOpen(row: StreamRow | null): { receipt: string; tables: NonNullable<StreamRow['tables']> } {
  if (row?.state === 'open' && row.receipt !== null && row.tables !== null)
    return { receipt: row.receipt, tables: row.tables }
  throw streamClosed(row?.closedBecause ?? 'the run had ended before')
}

/** The slot may have lost what we need, or be further than the receipt. */
async function checkSlot(source: Session, { slot, publication, tables }: StreamRow, receipt: string): Promise<void> {
  const status = source.serverVersion >= 130_000 ? 's.wal_status' : 'NULL::text'
  const [facts] = await source.rows<SlotFacts>(
    `SELECT ${status} AS status, s.confirmed_flush_lsn > $2::pg_lsn AS ahead, $2::pg_lsn > pg_catalog.pg_current_wal_lsn() AS beyond,
            (SELECT count(*) FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid
              WHERE p.pubname = $3 AND r.prrelid = ANY ($4::oid[]))::integer AS published
       FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1`,
    [slot, receipt, publication, (tables ?? []).map(({ oid }) => oid)],
  )
  if (facts === undefined) {
    const why = await readGivenUp(source, publication)
    throw why === null ? lost('its slot is gone from the source') : streamClosed(why)
  }
  if (facts.status === 'lost') throw lost('the source has removed WAL that its slot needs (max_slot_wal_keep_size)')
  if (facts.ahead) throw lost('its slot is further than the changes that are here')
  if (facts.beyond) throw lost('the source stands before the changes that are here')
  if (facts.published !== (tables ?? []).length) throw lost('tables were taken out of its publication')
}

function lost(why: string): SampanError {
  return new SampanError({
    code: 'FOLLOW_POSITION_LOST',
    message: `the run cannot follow from where it stood: ${why}`,
    remedy: 'changes would be missing: empty the destination database and begin a new run',
  })
}
