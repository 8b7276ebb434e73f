import type { CloudEnvironment } from '../cloud/environment.ts'
import { fenceRun } from '../ledger/fence.ts'
import { readFollowedRelations } from '../ledger/relations.ts'
import {
  intendStream,
  newestGeneration,
  type OpenedStream,
  readStream,
  type StreamedTable,
  storeOpened,
} from '../ledger/stream.ts'
import type { Session } from '../postgres/connect.ts'
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../postgres/identifiers.ts'
import { openSource } from '../postgres/sessions.ts'
import { BEGIN_VIEW } from '../postgres/snapshot.ts'
import { inTransaction } from '../postgres/transaction.ts'
import { SampanError } from '../runtime/errors.ts'
import type { StepEvent } from '../runtime/event.ts'
import { holdStream, releaseStream } from './hold.ts'
import { asLocked, changeIdentities, LOCK_TIMEOUT } from './identities.ts'
import { BEST_FIRST, IN_IDENTITY, judgeTables, usableIndexes } from './judge.ts'
import { dropStream } from './leftovers.ts'
import { streamName } from './names.ts'
import { requireFollowable } from './refuse.ts'
import { writerText } from './writer-text.ts'

/** A slot begins when every transaction that writes at that moment is over. */
const SLOT_MILLISECONDS = 20_000

/** Where and for whom. */
export interface Opening {
  readonly event: StepEvent
  readonly environment: CloudEnvironment
  readonly signal: AbortSignal
  /** Of the view that the rows will be of. */
  readonly generation: number
}

/**
 * Has the source keep its changes from one moment on, and opens a transaction in the view of just that moment: whatever is in the
 * view is not in the stream, and the other way round. What the run had opened for an older view is dropped.
 *
 * The publication stands before the slot begins: a slot looks at the catalogue of the time that it decodes. From here to the view's
 * publishing nobody else opens or drops it (`holdStream`).
 * @param source is in the view's transaction behind it
 * @returns lets others open it; to be called when the view is published. `null` where another keeper has taken the view meanwhile.
 * @throws SampanError RUN_TAKEN_OVER where another start of the run is at work
 */
export async function openStream(
  source: Session,
  destination: Session,
  opening: Opening,
): Promise<(() => Promise<void>) | null> {
  const { run } = opening.event
  const name = streamName(opening.event)
  await holdStream(source, name)
  const release = () => releaseStream(source, name)
  if ((await newestGeneration(destination, run.id)) >= opening.generation) {
    await release()
    return null
  }
  await openHeld(source, destination, opening, name)
  return release
}

async function openHeld(source: Session, destination: Session, opening: Opening, name: string): Promise<void> {
  const run = opening.event.run.id
  const before = await inTransaction(destination, async () => {
    await fenceRun(destination, run)
    const known = await readStream(destination, run)
    await intendStream(destination, run, { slot: name, publication: name })
    return known
  })
  await dropStream(source, name)
  // The task called the destination otherwise then.
  if (before !== null && before.slot !== name) await dropStream(source, before.slot)
  const relations = await readFollowedRelations(destination, run)
  await publish(source, name, relations)
  const sender = await openWalsender(opening)
  try {
    const { systemid, timeline } = await identify(sender)
    const slot = await createSlot(sender, source, name)
    await source.execute(`${BEGIN_VIEW}; SET TRANSACTION SNAPSHOT ${quoteLiteral(slot.snapshot_name)}`)
    const opened: OpenedStream = {
      generation: opening.generation,
      system: systemid,
      timeline,
      tables: await describe(source, relations),
      from: slot.consistent_point,
    }
    await inTransaction(destination, async () => {
      await fenceRun(destination, run)
      await storeOpened(destination, run, opened)
    })
  } finally {
    // The snapshot lives until its walsender's next command.
    await sender.close()
  }
}

export function openWalsender({
  event,
  environment,
  signal,
}: Pick<Opening, 'event' | 'environment' | 'signal'>): Promise<Session> {
  return openSource(event, environment, { purpose: 'stream', replication: true, signal })
}

/** Who the source is: positions of another system, or of another timeline, say nothing here. */
export async function identify(sender: Session): Promise<{ readonly systemid: string; readonly timeline: number }> {
  const [system] = await sender.rows<{ systemid: string; timeline: string | number }>('IDENTIFY_SYSTEM')
  return { systemid: system?.systemid ?? '', timeline: Number(system?.timeline ?? 0) }
}

type Published = Awaited<ReturnType<typeof readFollowedRelations>>

/**
 * Identities are what they have to be before a table is published. Whether they still are is looked for under the lock that publishing
 * takes: nobody alters the tables between.
 */
async function publish(source: Session, name: string, relations: Published): Promise<void> {
  const oids = relations.map(({ oid }) => oid)
  const tables = relations.map(({ source: { schema, name: table } }) => `ONLY ${quoteQualified(schema, table)}`)
  const publication = quoteIdentifier(name)
  const { obstacles, changes } = await judgeTables(source, oids)
  requireFollowable(obstacles)
  await source.execute(`CREATE PUBLICATION ${publication}`)
  await changeIdentities(source, name, changes)
  if (tables.length === 0) return
  try {
    await source.execute(
      `BEGIN; SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'; ALTER PUBLICATION ${publication} ADD TABLE ${tables.join(', ')}`,
    )
    const now = await judgeTables(source, oids)
    const altered = now.changes.map(({ schema, name: table }) => ({ table: `${schema}.${table}`, why: ALTERED }))
    requireFollowable([...now.obstacles, ...altered])
    await source.execute('COMMIT')
  } catch (thrown) {
    await source.execute('ROLLBACK').catch(() => {})
    throw asLocked(thrown)
  }
}

const ALTERED = 'its key or its replica identity was altered just now: start the task again'

interface CreatedSlot {
  readonly consistent_point: string
  readonly snapshot_name: string
}

/** @param source asks meanwhile who is waited for */
async function createSlot(sender: Session, source: Session, name: string): Promise<CreatedSlot> {
  const command = `CREATE_REPLICATION_SLOT ${quoteIdentifier(name)} LOGICAL pgoutput EXPORT_SNAPSHOT`
  const created = sender.rows<CreatedSlot>(command)
  created.catch(() => {})
  const timer = Promise.withResolvers<null>()
  const timeout = setTimeout(() => timer.resolve(null), SLOT_MILLISECONDS)
  try {
    const answer = await Promise.race([created, timer.promise])
    const [slot] = answer ?? (await giveUp(sender, source))
    if (slot === undefined) throw new TypeError('a slot without a beginning')
    return slot
  } finally {
    clearTimeout(timeout)
  }
}

/** A backend that waits for a lock does not notice that its client has gone: it is ended, and with it the slot it had begun. */
async function giveUp(sender: Session, source: Session): Promise<never> {
  const waits = await source.rows<{ pid: number; since: string | null }>(
    `SELECT b.pid, a.xact_start::text AS since
       FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) AS b(pid)
       LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid`,
    [sender.backend],
  )
  const prepared = await source.rows<{ gid: string }>(
    `SELECT gid FROM pg_catalog.pg_prepared_xacts ORDER BY prepared LIMIT 5`,
  )
  await source.rows(`SELECT pg_catalog.pg_terminate_backend($1)`, [sender.backend])
  sender.destroy()
  const named = [
    // Process 0 stands for a prepared transaction.
    ...waits.filter(({ pid }) => pid !== 0).map(writerText),
    ...prepared.map(({ gid }) => `prepared transaction ${gid}`),
  ]
  throw new SampanError({
    code: 'FOLLOW_SLOT_WAITS',
    message: `the source did not begin a slot within ${SLOT_MILLISECONDS / 1000} s: it waits for transactions that write${named.length === 0 ? '' : `: ${named.join('; ')}`}`,
    remedy:
      'nothing to do while the retry window is open: let these transactions end, or end them (pg_terminate_backend, ROLLBACK PREPARED)',
    retryable: true,
    kind: 'connection',
  })
}

/** @param source in the view */
async function describe(source: Session, relations: Published): Promise<readonly StreamedTable[]> {
  const generated = source.serverVersion >= 120_000 ? `AND a.attgenerated = ''` : ''
  return source.rows<StreamedTable>(
    `SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relfilenode AS file,
            (SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', a.attname, 'type', a.atttypid::bigint, 'modifier', a.atttypmod) ORDER BY a.attnum), '[]')
               FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ${generated}) AS columns,
            (SELECT pg_catalog.jsonb_agg(a.attname ORDER BY k.place)
               FROM (SELECT i.indkey, i.indnkeyatts FROM ${usableIndexes(source.serverVersion)} AND ${IN_IDENTITY} ORDER BY ${BEST_FIRST} LIMIT 1) b
               CROSS JOIN pg_catalog.unnest(b.indkey::smallint[]) WITH ORDINALITY AS k(number, place)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
              WHERE k.place <= b.indnkeyatts) AS key
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = ANY ($1::oid[])`,
    [relations.map(({ oid }) => oid)],
  )
}
