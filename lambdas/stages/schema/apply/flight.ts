import { OWN_PATH_SQL, plainRightsSql, sourcePathSql } from '../../../core/ledger/calls.ts'
import type { DueObject } from '../../../core/ledger/objects/due.ts'
import {
  claimObjectSql,
  claimObjectsSql,
  claimStepSql,
  firstReceiptSql,
  partReceiptSql,
  receiptSql,
  receiptsSql,
  type Together,
} from '../../../core/ledger/objects/receipts.ts'
import type { DueStep } from '../../../core/ledger/objects/steps.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../core/postgres/errors.ts'
import { isEvaluated } from './evaluated.ts'
import { notValid } from './not-valid.ts'
import { judgeOutcome, type Outcome } from './outcome.ts'
import { BUILT_WITHOUT_PATH, NOT_FOUND, RESTRICTED } from './restricted-path.ts'

/** Objects that go together. */
export interface Batch<Due> {
  readonly objects: readonly Due[]
  /** Makes all of them in one transaction; null: each goes by itself. */
  readonly together: string | null
}

export interface FlightEnd {
  readonly outcomes: ReadonlyMap<number, Outcome>
  /** Every transaction was made as it was sent, none had to be taken apart. */
  readonly smooth: boolean
}

/**
 * Sends batch after batch without waiting for answers. Each is one simple Query: the claim, the statements and the receipt
 * are one implicit transaction, so what exists has its receipt and what has none does not exist. The server has all of it
 * at once, so it ends what it has begun even when the connection is gone. Where a batch fails, whatever the reason, its
 * objects are sent again, each in a transaction of its own, and judged by that. Constraints that rows do not hold are sent once
 * more, as NOT VALID, all of a flight together.
 * @param session a pipelined one
 * @throws SampanError `RUN_SEALED`, `RUN_TAKEN_OVER`
 */
export async function sendFlight<Due extends DueObject>(
  session: Session,
  run: string,
  batches: readonly Batch<Due>[],
  query: (object: Due) => string,
): Promise<FlightEnd> {
  const { outcomes, smooth } = await send(session, batches, query)
  const objects = batches.flatMap((batch) => batch.objects)
  const broken = objects.flatMap((object) => notValid(run, object, outcomes.get(object.id), session.serverVersion))
  if (broken.length === 0) return { outcomes, smooth }
  // What is said of them has failed behind them.
  const said = objects.filter(({ id, kind }) => kind === 'COMMENT' && outcomes.get(id)?.kind === 'failed')
  const again = await send(session, [{ objects: [...broken, ...said], together: null }], query)
  // What cannot be so either has failed for its first reason.
  const better = [...again.outcomes].filter(([, { kind }]) => kind !== 'failed')
  return { outcomes: new Map([...outcomes, ...better]), smooth: false }
}

async function send<Due extends DueObject>(
  session: Session,
  batches: readonly Batch<Due>[],
  query: (object: Due) => string,
): Promise<FlightEnd> {
  const sent: readonly Batch<Due>[] = batches.flatMap((batch) =>
    batch.together === null ? batch.objects.map((object) => ({ objects: [object], together: null })) : [batch],
  )
  const texts = sent.map(({ objects, together }) => together ?? objects.map(query).join(';'))
  const settled = await Promise.allSettled(texts.map((text) => session.execute(text)))
  const outcomes = new Map<number, Outcome>()
  const apart: Due[] = []
  for (const [index, { objects, together }] of sent.entries()) {
    const answer = settled[index]
    const judged: Outcome = answer?.status === 'fulfilled' ? { kind: 'made' } : judgeOutcome(answer?.reason)
    const outcome = together === null ? explained(judged, objects[0]?.kind, session.serverVersion) : judged
    if (together === null || outcome.kind === 'made' || isLost(outcome)) {
      for (const { id } of objects) outcomes.set(id, outcome)
    } else apart.push(...objects)
  }
  if (apart.length > 0) {
    const again = await send(session, [{ objects: apart, together: null }], query)
    for (const [id, outcome] of again.outcomes) outcomes.set(id, outcome)
  }
  return { outcomes, smooth: [...outcomes.values()].every(({ kind }) => kind === 'made') && apart.length === 0 }
}

/** What a newer server does not find while it builds was found by the source. */
function explained(outcome: Outcome, kind: string | undefined, serverVersion: number): Outcome {
  if (outcome.kind !== 'failed' || serverVersion < RESTRICTED || !NOT_FOUND.test(outcome.code)) return outcome
  if (!/^(INDEX|CONSTRAINT|MATERIALIZED VIEW DATA)$/.test(kind ?? '')) return outcome
  return { ...outcome, message: `${outcome.message} (${BUILT_WITHOUT_PATH})` }
}

/** Nothing can be asked on this connection any more. */
function isLost(outcome: Outcome): boolean {
  return (
    outcome.kind === 'passing' && (!(outcome.error instanceof DatabaseError) || outcome.error.kind === 'connection')
  )
}

/** Makes an object; another attempt at it is waited for. */
export function objectQuery(run: string, object: DueObject): string {
  return [claimObjectSql(run, object), ownSql(run, [object]), receiptSql(run, object)].join('\n;\n')
}

/** Takes one step towards an object; where another lane is at it, or at what it would wait for, it fails at once. */
export function stepQuery(run: string, step: DueStep): string {
  return [claimStepSql(run, step), ownSql(run, [step]), stepReceiptSql(run, step)].join('\n;\n')
}

function stepReceiptSql(run: string, object: DueStep): string {
  if (object.part !== null) return partReceiptSql(run, object.id, object.part)
  return object.step === 'build' ? firstReceiptSql(run, object) : receiptSql(run, object)
}

/** Makes many objects in one transaction, or none of them. */
export function batchQuery(run: string, objects: readonly DueObject[], together: Together): string {
  return [claimObjectsSql(run, objects, together), ownSql(run, objects), receiptsSql(run, objects)].join('\n;\n')
}

/**
 * The objects' own statements. Where making one evaluates expressions, or plans a reading of its table, functions of the user's
 * are found as in a session of the source; all else is made as pg_restore does it, every name in pg_catalog or qualified.
 */
function ownSql(run: string, objects: readonly DueObject[]): string {
  const statements: string[] = []
  let asSource = false
  const look = (wanted: boolean) => {
    if (wanted !== asSource) statements.push(wanted ? sourcePathSql(run) : OWN_PATH_SQL)
    asSource = wanted
  }
  for (const object of objects) {
    const { kind, sql } = object
    look(isEvaluated(kind, sql))
    statements.push(sql)
    if (object.plain && BORN_WITH_RIGHTS.has(kind)) statements.push(plainRightsSql(object))
  }
  look(false)
  return statements.join('\n;\n')
}

/** Kinds that `ALTER DEFAULT PRIVILEGES` speaks of. */
const BORN_WITH_RIGHTS: ReadonlySet<string> = new Set([
  'AGGREGATE',
  'DOMAIN',
  'FOREIGN TABLE',
  'FUNCTION',
  'MATERIALIZED VIEW',
  'PROCEDURE',
  'SCHEMA',
  'SEQUENCE',
  'TABLE',
  'TYPE',
  'VIEW',
])
