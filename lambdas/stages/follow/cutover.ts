import { type SourceNow, storeSourceNow } from '../../core/ledger/chunks/source-now.ts'
import { writeEvents } from '../../core/ledger/events.ts'
import { fenceRun } from '../../core/ledger/fence.ts'
import { titleOf } from '../../core/ledger/relation.ts'
import { readFollowedRelations } from '../../core/ledger/relations.ts'
import { readRun } from '../../core/ledger/run.ts'
import { markArrived, readStream, type StreamedTable, withdrawCutover } from '../../core/ledger/stream.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { DatabaseError } from '../../core/postgres/errors.ts'
import { HASH_ARRAYS } from '../../core/postgres/hash-bytes.ts'
import { quoteQualified } from '../../core/postgres/identifiers.ts'
import { askUnderPath, OWN_PATH } from '../../core/postgres/search-path.ts'
import { openSource } from '../../core/postgres/sessions.ts'
import { inTransaction } from '../../core/postgres/transaction.ts'
import { digestAtEnd } from '../../core/rows/digest.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import type { ChangeStream } from '../../core/stream/change-stream.ts'
import { type Lsn, parseLsn } from '../../core/stream/lsn.ts'
import { writerText } from '../../core/stream/writer-text.ts'
import { describeAlterations } from './altered.ts'
import type { Applier } from './applier.ts'
import type { Follower } from './follower.ts'
import { firstThatDiffers, inOtherFiles, withFiles } from './same-rows.ts'
import type { Together } from './together.ts'
import { schemaChanged } from './translate.ts'

/** A writer that is stopped ends its transaction; one that is not is named after this time. */
const LOCK_MILLISECONDS = 3_000
/** Of all tables: those that are locked keep their writers waiting. */
const LOCK_ALL_MILLISECONDS = 10_000
const POLL_MILLISECONDS = 50
const LOCKS_NOT_TAKEN = new Set(['55P03', '57014'])

/** What a follower at work has. */
export interface AtWork {
  readonly stream: ChangeStream
  readonly follower: Follower
  readonly applier: Applier
  /** For the ledger. */
  readonly control: Session
  /** In no transaction. */
  readonly source: Session
  /** Where the run has other databases: what they come to together. */
  readonly together: Together | null
}

/**
 * The operator has stopped the writers. Proves it, by locks that none of them lets be taken, waits until the last of what they wrote is
 * here, and keeps what every table of the source has come to, which is then compared.
 * @returns false where it was given up: following goes on, and the ledger says why
 */
export async function cutOver(event: StepEvent, step: StepTools, work: AtWork): Promise<boolean> {
  const run = event.run.id
  const until = performance.now() + (event.task.follow?.cutoverSeconds ?? 60) * 1000
  const holder = await openSource(event, step.environment, { purpose: 'cutover', signal: step.signal })
  try {
    const why =
      (await lockAll(holder, event, work)) ??
      (await arriveAll(step, work, until)) ??
      (await work.together?.arrive(work.follower, step, until)) ??
      null
    if (why !== null) return await withdraw(step, work, run, why)
    const now = await readNow(holder, event, work.control)
    const tables = await requireUnaltered(holder, work, run)
    const whyNot = (await work.together?.agree(work.follower, step)) ?? null
    if (whyNot !== null) return await withdraw(step, work, run, whyNot)
    await inTransaction(work.control, async () => {
      await fenceRun(work.control, run)
      if (now.length > 0) await storeSourceNow(work.control, run, now)
      await markArrived(work.control, run, tables)
    })
    await writeEvents(work.control, run, [
      {
        level: 'info',
        step: 'Follow',
        code: 'CUTOVER_ARRIVED',
        message: 'every change of the source is here: keys, triggers and sequences follow',
      },
    ])
    return true
  } finally {
    // Its transaction, and with it the locks, end with it.
    holder.destroy()
  }
}

/** @returns false: it is not cut over. Where the other databases are, it is tried again, and nobody is told to go back */
async function withdraw(step: StepTools, { control, together }: AtWork, run: string, why: string): Promise<false> {
  if (together !== null && !(await together.withdraw(why))) {
    step.logger.warn('CUTOVER_WITHDRAWN', {
      message: `the other databases are cut over, and this one is tried again: ${why}`,
    })
    return false
  }
  await withdrawCutover(control, run, why)
  const message = `the cutover was given up, and following goes on: ${why}`
  await writeEvents(control, run, [{ level: 'warning', step: 'Follow', code: 'CUTOVER_WITHDRAWN', message }])
  return false
}

/** @returns why not: who still writes, or what was changed beside rows */
async function lockAll(holder: Session, event: StepEvent, { control, follower }: AtWork): Promise<string | null> {
  const relations = await readFollowedRelations(control, event.run.id)
  const tables = relations.map(({ source: { schema, name } }) => `ONLY ${quoteQualified(schema, name)}`)
  await holder.execute('BEGIN')
  if (tables.length > 0) {
    try {
      await holder.execute(
        `SET LOCAL lock_timeout = '${LOCK_MILLISECONDS}ms'; SET LOCAL statement_timeout = '${LOCK_ALL_MILLISECONDS}ms'`,
      )
      const locking = holder.execute(`LOCK TABLE ${tables.join(', ')} IN SHARE MODE`)
      await whileFollowing(locking, follower)
      await holder.execute('SET LOCAL statement_timeout TO DEFAULT')
    } catch (thrown) {
      if (!(thrown instanceof DatabaseError)) throw thrown
      if (!LOCKS_NOT_TAKEN.has(thrown.sqlState ?? ''))
        return `a table cannot be locked on the source: ${thrown.message}`
      await holder.execute('ROLLBACK')
      return writersOf(
        holder,
        relations.map(({ oid }) => oid),
      )
    }
  }
  const [objects] = await holder.rows(`SELECT 1 FROM pg_catalog.pg_largeobject_metadata LIMIT 1`)
  if (objects !== undefined) return 'large objects were made on the source meanwhile, which are not in the stream'
  const alterations = await describeAlterations(holder, control, event)
  return alterations === null ? null : `the source was altered since the rows were copied: ${alterations}`
}

/** The follower goes on: whoever waits must not let the stream stand. */
async function whileFollowing(waited: Promise<unknown>, follower: Follower): Promise<void> {
  let over = false
  const end = waited.finally(() => {
    over = true
  })
  end.catch(() => {})
  while (!over) await follower.step(POLL_MILLISECONDS, false)
  await end
}

async function writersOf(holder: Session, oids: readonly number[]): Promise<string> {
  const writers = await holder.rows<{ pid: number | null; since: string | null }>(
    `SELECT DISTINCT l.pid, a.xact_start::text AS since
       FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
      WHERE l.locktype = 'relation' AND l.relation = ANY ($1::oid[]) AND l.granted
        AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') LIMIT 5`,
    [oids],
  )
  const named = writers.map(({ pid, since }) => (pid === null ? 'a prepared transaction' : writerText({ pid, since })))
  return `tables of the source are still written to${named.length === 0 ? '' : ` by ${named.join('; ')}`}`
}

/** @returns why not: it took too long */
async function arriveAll(step: StepTools, work: AtWork, until: number): Promise<string | null> {
  const end = await endOf(work.source)
  while (work.applier.receipt < end) {
    if (step.signal.aborted) return 'the run was stopped before the last changes had arrived'
    if (performance.now() > until) return 'the last changes did not arrive in time (follow.cutoverSeconds)'
    work.stream.ask()
    await work.follower.step(POLL_MILLISECONDS, true)
  }
  return null
}

/**
 * Where the source stands, with all that was committed before on its disk: only that is sent. A commit of our own waits for it; where
 * nothing is written the insert position may be one that no record ends at, behind the header of a page.
 */
export async function endOf(source: Session): Promise<Lsn> {
  await source.rows(`SELECT pg_catalog.pg_logical_emit_message(true, 'sampan', '')`)
  const [row] = await source.rows<{ at: string }>(`SELECT pg_catalog.pg_current_wal_lsn()::text AS at`)
  return parseLsn(row?.at ?? '')
}

/**
 * Tables that have got another file since their rows were copied are compared at both ends, whatever the task compares.
 * @returns all tables, with the files that they are in under the lock
 * @throws SampanError FOLLOW_SCHEMA_CHANGED
 */
async function requireUnaltered(holder: Session, work: AtWork, run: string): Promise<readonly StreamedTable[]> {
  const { control, together } = work
  const before = (await readStream(control, run))?.tables ?? []
  const tables = await withFiles(holder, before)
  const others = inOtherFiles(before, tables)
  if (others.size === 0) return tables
  const relations = (await readFollowedRelations(control, run)).filter(({ oid }) => others.has(oid))
  const altered = await firstThatDiffers(holder, control, run, relations)
  if (altered === null) return tables
  const failure = schemaChanged(
    titleOf(altered),
    'its rows were rewritten (ALTER TABLE … TYPE … USING, say), which is not in the stream, and its values are others',
  )
  await together?.withdraw(failure.message)
  throw failure
}

/** Counts and digests of all tables, as the task's validation wants them. */
async function readNow(holder: Session, event: StepEvent, control: Session): Promise<readonly SourceNow[]> {
  const { mode } = event.task.validation
  if (mode === 'none') return []
  const run = event.run.id
  const { source } = await readRun(control, run)
  const modernDigest = Math.min(holder.serverVersion, control.serverVersion) >= HASH_ARRAYS
  const now: SourceNow[] = []
  for (const relation of await readFollowedRelations(control, run)) {
    const whole = { kind: 'whole', lower: null, upper: null, keyColumn: null } as const
    const query = digestAtEnd(relation.source, whole, { digests: mode === 'full', modernDigest })
    const [row] = await askUnderPath(holder, source.searchPath ?? OWN_PATH, () =>
      holder.rows<{ rows: string; digest: string | null }>(
        `SELECT d.rows, d.digest FROM (${query}) AS d(rows, digest)`,
      ),
    )
    now.push({ relation: relation.oid, rows: row?.rows ?? '0', digest: row?.digest ?? null })
  }
  return now
}
