import { countFailure } from '../../../core/ledger/chunks/receipts.ts'
import { halveChunks } from '../../../core/ledger/chunks/slow.ts'
import { leaveOut } from '../../../core/ledger/lane-count.ts'
import { isLargeObjects, type Relation, titleOf } from '../../../core/ledger/relation.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { openDestination } from '../../../core/postgres/sessions.ts'
import { SampanError, toSampanError } from '../../../core/runtime/errors.ts'
import { more, type StepAnswer, waiting } from '../../../core/runtime/verdict.ts'
import { otherTables } from '../../../core/structure/changed.ts'
import { howChanged } from '../view/how-changed.ts'
import { copyInNewerView } from '../view/rewritten.ts'
import { expressionFailed } from './expression-failed.ts'
import { travelAsText } from './fall-back.ts'
import type { ChangedRelation, Lane } from './lane.ts'
import { type LaneCall, TURN_SECONDS } from './lane-call.ts'
import { leaveRowsOut } from './leave-rows-out.ts'
import { isNoCharacter, unknownCharacters } from './unknown-characters.ts'

/**
 * What follows from a lane's failure, beside the rollback that has happened already.
 * @param lane `null` where it had not begun
 * @throws what was thrown, where there is nothing to do but to try again
 */
export async function answerFailure(call: LaneCall, lane: Lane | null, thrown: unknown): Promise<StepAnswer<null>> {
  const { event, number, signal } = call
  const changed = lane === null || signal.aborted ? null : await changeOf(call, lane)
  if (lane !== null && changed !== null) {
    const { relation, change } = changed
    await onOwnSession(call, 'renew', (ledger) =>
      copyInNewerView(ledger, event.run.id, relation, change, lane.generation),
    )
    return more()
  }
  const misread = lane?.refused ?? null
  if (misread !== null && !signal.aborted) {
    await fallBackToText(call, misread, toSampanError(thrown).code)
    return more()
  }
  if (lane === null && number > 0 && (await leaveRoom(call, thrown))) return waiting(TURN_SECONDS)
  const claimed = lane?.claimed ?? []
  if (!signal.aborted) {
    const again = await note(call, claimed, (ledger) =>
      countFailure(
        ledger,
        event.run.id,
        { chunks: claimed, brokenAt: lane?.brokenChunk?.id ?? null },
        toSampanError(thrown),
      ),
    )
    // Whose rows they are is found by halves: nothing is to be waited for.
    if (again === false && claimed.length > 1 && lane?.brokenChunk === null && isFinal(thrown)) return more()
    const relation = lane?.broken ?? null
    const refused =
      (lane === null
        ? null
        : await unknownCharacters(call, { relation, chunk: lane.brokenChunk, servers: lane.servers }, thrown)) ??
      expressionFailed(relation, thrown) ??
      (again === true && isFinal(thrown) ? rowsRefused(lane, thrown) : null)
    if (refused === null) throw thrown
    const changedThere =
      relation === null || refused.code !== 'DST_ROWS_REFUSED' ? null : await changedOf(call, relation, refused)
    if (changedThere !== null) throw changedThere
    if (event.task.onObjectError === 'fail' || relation === null || isLargeObjects(relation)) throw refused
    await onOwnSession(call, 'leave-out', (ledger) => leaveRowsOut(ledger, event.run.id, relation, refused))
    return more()
  }
  // The call's time is up in the middle of a flight: nothing of it stays, and the next call takes smaller steps.
  const stuck = await note(call, claimed, (ledger) => halveChunks(ledger, event.run.id, claimed))
  if (typeof stuck === 'number') throw tooSlow(lane?.titleOf(stuck) ?? `the relation ${stuck}`)
  return more()
}

/** Rows that the destination refuses because somebody has changed the table there: nothing on the source mends that. */
async function changedOf(call: LaneCall, { destination }: Relation, refused: SampanError): Promise<SampanError | null> {
  return onOwnSession(call, 'changed', (ledger) => otherTables(ledger, call.event.run.id, refused, destination))
}

/** What was found behind the COPYs of the flight, or is found now where one of them could not be read by the source. */
async function changeOf(call: LaneCall, { changed, suspected }: Lane): Promise<ChangedRelation | null> {
  if (changed !== null || suspected === null) return changed
  const change = await onOwnSession(call, 'changed', (ledger) => howChanged(call, ledger, suspected))
  return change === null ? null : { relation: suspected, change }
}

/**
 * What the rows, or functions that are evaluated for them, have brought upon themselves: the same chunk, alone, meets it again.
 * Not a key that is there already, which a chunk that is still to be renewed may hold; not a missing right, which can be given meanwhile.
 */
function isFinal(thrown: unknown): thrown is DatabaseError {
  if (!(thrown instanceof DatabaseError)) return false
  const state = thrown.sqlState ?? ''
  if (thrown.side === 'source') return state === '42883' || isNoCharacter(thrown)
  return /^(22|23|2F|38|39|P0|42)/.test(state) && !['23505', '23P01', '42501'].includes(state)
}

function rowsRefused(lane: Lane | null, cause: DatabaseError): SampanError {
  const title = lane === null || lane.broken === null ? 'a table' : titleOf(lane.broken)
  if (cause.side === 'destination' && cause.sqlState === '23514' && lane?.broken?.destination.tree) {
    return new SampanError({
      code: 'DST_ROWS_REFUSED',
      message: `${title} cannot be copied: ${cause.message}`,
      remedy: PARTITION_REMEDY,
      cause,
    })
  }
  if (cause.side === 'destination' && lane?.broken?.beside) {
    return new SampanError({
      code: 'DST_ROWS_REFUSED',
      message: `${title} cannot be copied: ${cause.message}`,
      remedy: cause.sqlState === '23503' ? KEPT_OUT_REMEDY : BESIDE_REMEDY,
      cause,
    })
  }
  return new SampanError({
    code: cause.side === 'source' ? 'SRC_ROWS_UNREADABLE' : 'DST_ROWS_REFUSED',
    message: `${title} cannot be copied: ${cause.message}`,
    remedy: ROWS_REMEDY,
    cause,
  })
}

const ROWS_REMEDY =
  'mend the rows or the rule on the source (a function that does not find its helpers: ALTER FUNCTION … SET search_path, on both ends), then start the task again; or exclude the table, under another name and into an emptied destination'

/** Others' rows are in the table: nobody shall be told to empty it. */
const BESIDE_REMEDY =
  'the rows that stand in the table stay ("conflicts": "ignore"): mend the rows on the source, or the rule there, then start the task again; or exclude the table, under another name of the task'

const KEPT_OUT_REMEDY =
  'a row that these refer to was kept out by one that stands on the destination, as the report counts: mend that one there, or drop the foreign key for the time of the run, then start the task again; or exclude the table, under another name of the task'

/** A tree travels through its root where the destination may give rows to other partitions, by the hash of an enum for one. */
const PARTITION_REMEDY =
  'its rows find their partitions anew on the destination, and one is missing there: create on the source what the tree lacks (CREATE TABLE … PARTITION OF …), then start the task again; or exclude the table, under another name and into an emptied destination'

/** A lane that is counted and finds no connection left was one too many. False: it has to be there. */
async function leaveRoom({ destination, event }: LaneCall, thrown: unknown): Promise<boolean> {
  if (!/^(SRC|DST)_TOO_MANY_CONNECTIONS$/.test(toSampanError(thrown).code)) return false
  return leaveOut(destination, event.run.id).catch(() => false)
}

async function fallBackToText(call: LaneCall, relation: Relation, because: string): Promise<void> {
  await onOwnSession(call, 'fall-back', (ledger) => travelAsText(ledger, call.event.run.id, relation, because))
  call.step.logger.warn('FORMAT_FELL_BACK', { relation: relation.oid, because })
}

/** The lane's own sessions are gone with its flight. */
async function onOwnSession<Answer>(
  { event, step }: LaneCall,
  purpose: string,
  body: (ledger: Session) => Promise<Answer>,
): Promise<Answer> {
  const ledger = await openDestination(event, step.environment, { purpose, signal: step.signal })
  return body(ledger).finally(() => ledger.close())
}

function tooSlow(title: string): SampanError {
  return new SampanError({
    code: 'CHUNK_TOO_SLOW',
    message: `a part of ${title} that cannot be made smaller did not arrive in the time of several calls`,
    remedy: 'look for locks on the table in the destination; raise the limits of the task; then start it again',
  })
}

/** Writes about a broken flight on a connection of its own. Where that fails too, the first error is the one to tell. */
async function note<Found>(
  { event, step }: LaneCall,
  claimed: readonly number[],
  write: (ledger: Session) => Promise<Found>,
): Promise<Found | null> {
  if (claimed.length === 0) return null
  try {
    // Without the step's signal: it may have fired, and the margin behind it is for this.
    const ledger = await openDestination(event, step.environment, {
      purpose: 'note',
      timeoutMilliseconds: 3_000,
      // Where the flight's server process waits for somebody's lock it does not notice that the lane is gone.
      settings: { lock_timeout: '3s' },
    })
    return await write(ledger).finally(() => ledger.close())
  } catch (second) {
    step.logger.warn('ATTEMPT_NOT_COUNTED', { because: toSampanError(second).code })
    return null
  }
}
