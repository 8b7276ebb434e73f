import type { CloudEnvironment } from '../cloud/environment.ts'
import { writeEvents } from '../ledger/events.ts'
import { markStreamGone, noteSource, readStream } from '../ledger/stream.ts'
import type { Session } from '../postgres/connect.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/identifiers.ts'
import type { StepEvent } from '../runtime/event.ts'
import { Budget } from './budget.ts'
import { dropSlot } from './leftovers.ts'
import { streamName } from './names.ts'

export const LOOK_MILLISECONDS = 5_000
const MEGABYTE = 1024 * 1024

/** What a look at a slot has found. `why` it keeps nothing any more; `null` where none was opened, or it was dropped in the end. */
export type Look =
  | { readonly kind: 'kept'; readonly at: string; readonly retained: string | null }
  | { readonly kind: 'gone'; readonly why: string | null }

/**
 * Looks at what the source keeps for the run. Beyond what is allowed the slot is dropped, before the source's disk is full: its life goes before the
 * migration's. Why is written down on the source, in the publication's comment: the destination may be away. What the source itself has given up is dropped too.
 */
export async function lookAtSlot(source: Session, name: string, budget: Budget): Promise<Look> {
  const [slot] = await source.rows<{ at: string; retained: string | null; lost: boolean }>(
    `SELECT pg_catalog.pg_current_wal_lsn()::text AS at,
            pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)::bigint::text AS retained,
            COALESCE(pg_catalog.row_to_json(s) ->> 'wal_status' = 'lost', false) AS lost
       FROM pg_catalog.pg_replication_slots s WHERE slot_name = $1`,
    [name],
  )
  if (slot === undefined) return { kind: 'gone', why: await readGivenUp(source, name) }
  const { at, retained, lost } = slot
  if (lost) return giveUp(source, name, 'the source has removed WAL that the slot needs (max_slot_wal_keep_size)')
  const { megabytes, because } = await budget.allowed(Number(retained ?? 0))
  const kept = Number(retained ?? 0) / MEGABYTE
  if (kept <= megabytes) return { kind: 'kept', at, retained }
  return giveUp(source, name, `the source kept ${Math.round(kept)} MB of WAL for this run, and ${because}`)
}

async function giveUp(source: Session, name: string, why: string): Promise<Look> {
  await dropSlot(source, name)
  // Whoever is in the view's transaction writes nothing, and has the ledger at hand.
  const [publication] = await source.rows<{ comment: string | null }>(
    `SELECT d.description AS comment FROM pg_catalog.pg_publication p
       LEFT JOIN pg_catalog.pg_description d ON d.classoid = p.tableoid AND d.objoid = p.oid
      WHERE p.pubname = $1 AND NOT pg_catalog.current_setting('transaction_read_only')::boolean`,
    [name],
  )
  if (publication !== undefined) {
    const text = `${publication.comment ?? 'Sampan follows.'} ${GIVEN_UP}${why}`
    await source.execute(`COMMENT ON PUBLICATION ${quoteIdentifier(name)} IS ${quoteLiteral(text)}`)
  }
  return { kind: 'gone', why }
}

const GIVEN_UP = 'Its slot was given up: '

/** Why the slot of a publication that is still there was given up; `null` where it was not. */
export async function readGivenUp(source: Session, name: string): Promise<string | null> {
  const [row] = await source.rows<{ why: string }>(
    `SELECT pg_catalog.split_part(d.description, $2, 2) AS why
       FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_description d ON d.classoid = p.tableoid AND d.objoid = p.oid
      WHERE p.pubname = $1 AND pg_catalog.strpos(d.description, $2) > 0`,
    [name, GIVEN_UP],
  )
  return row?.why ?? null
}

/** Keeps what was found; that a slot was given up is told once. */
export async function tellLook(destination: Session, run: string, look: Look): Promise<void> {
  if (look.kind === 'kept') return noteSource(destination, run, look)
  if (look.why === null || !(await markStreamGone(destination, run, look.why))) return
  const event = { level: 'warning', step: 'Follow', code: 'FOLLOW_SLOT_GIVEN_UP', message: look.why } as const
  await writeEvents(destination, run, [event])
}

/**
 * Looks every few seconds, for a step that has sessions of its own.
 * @param source may be in the view's transaction: these figures are of now
 * @param name of the slot, where it is another one than the task would have it called
 * @returns to be called often, and looks when it is time; why the slot was given up, `null` as long as it is not
 */
export function watchRetained(
  source: Session,
  destination: Session,
  event: StepEvent,
  environment: CloudEnvironment,
  name: string = streamName(event),
): () => Promise<string | null> {
  const { run, task } = event
  if (task.mode !== 'follow') return async () => null
  const budget = new Budget(event, environment)
  let due = 0
  return async () => {
    if (performance.now() < due) return null
    due = performance.now() + LOOK_MILLISECONDS
    const look = await lookAtSlot(source, name, budget)
    await tellLook(destination, run.id, look)
    if (look.kind === 'kept') return null
    // Whoever has given it up has told the ledger, or will.
    return look.why ?? (await readStream(destination, run.id))?.closedBecause ?? null
  }
}
