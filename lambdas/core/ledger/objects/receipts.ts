import { quoteLiteral } from '../../postgres/identifiers.ts'
import { byNumber } from '../by-number.ts'
import type { DueObject } from './due.ts'
import type { DueStep } from './steps.ts'

// The texts of statements, not calls: a claim, what it is for and the receipt go to the server as one Query, which is one transaction.

/** Claims an object; another attempt at it is waited for. SP002: it has its receipt already. */
export function claimObjectSql(run: string, { id }: DueObject): string {
  return `SELECT sampan.claim_object(${quoteLiteral(run)}, ${id})`
}

/** Claims a step of an object, or one part of a key; SP003 at once where another lane is at it, or at what it would wait for. */
export function claimStepSql(run: string, { id, step, part, alone }: DueStep): string {
  const onlyOne = alone === null ? 'NULL' : quoteLiteral(alone)
  if (part !== null) return `SELECT sampan.claim_part(${quoteLiteral(run)}, ${id}, ${part}, ${onlyOne})`
  return `SELECT sampan.claim_step(${quoteLiteral(run)}, ${id}, ${step === 'finish'}, ${onlyOne})`
}

/** Of what is claimed together. */
export interface Together {
  /** Of all steps with one of these texts one is under way at a time. */
  readonly alone: readonly string[]
  /** Only when nothing before them in their stage is pending. */
  readonly inOrder: boolean
}

/** Claims many objects, or none of them: SP004. */
export function claimObjectsSql(run: string, objects: readonly DueObject[], { alone, inOrder }: Together): string {
  return `SELECT sampan.claim_objects(${quoteLiteral(run)}, ${idsOf(objects)}, ARRAY[${alone.map(quoteLiteral).join()}]::text[], ${inOrder})`
}

function idsOf(objects: readonly DueObject[]): string {
  return `ARRAY[${objects.map(({ id }) => id).join()}]`
}

/** The time begins when the server takes the Query up. */
const SPENT = `COALESCE(milliseconds, 0)
         + 1000 * EXTRACT(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp())`

/** Receipt of the first of an object's two steps. */
export function firstReceiptSql(run: string, { id }: DueObject): string {
  return `UPDATE sampan.object SET built_at = pg_catalog.clock_timestamp(), milliseconds = ${SPENT}
 WHERE run = ${quoteLiteral(run)} AND id = ${id}`
}

/** The time of all parts is the object's: what the lanes have spent on it. */
export function partReceiptSql(run: string, id: number, part: number): string {
  return `UPDATE sampan.key_part SET done_at = pg_catalog.clock_timestamp()
 WHERE run = ${quoteLiteral(run)} AND object = ${id} AND part = ${part};
UPDATE sampan.object SET milliseconds = ${SPENT}
 WHERE run = ${quoteLiteral(run)} AND id = ${id}`
}

/** A user mapping may hold a password in the clear, so its text does not outlive it. */
export function receiptSql(run: string, object: DueObject): string {
  const status = object.verdict === 'transform' ? 'transformed' : 'migrated'
  const forget = object.kind === 'USER MAPPING' ? `, sql = ''` : ''
  return `UPDATE sampan.object
   SET status = '${status}', error_code = NULL, error_message = NULL, blocked_by = NULL${forget},
       finished_at = pg_catalog.clock_timestamp(), milliseconds = ${SPENT}
 WHERE run = ${quoteLiteral(run)} AND id = ${object.id}`
}

/** The receipts of many objects that were made in one transaction. */
export function receiptsSql(run: string, objects: readonly DueObject[]): string {
  return `UPDATE sampan.object
   SET status = CASE verdict WHEN 'transform' THEN 'transformed' ELSE 'migrated' END,
       sql = CASE kind WHEN 'USER MAPPING' THEN '' ELSE sql END,
       error_code = NULL, error_message = NULL, blocked_by = NULL,
       finished_at = pg_catalog.clock_timestamp(), milliseconds = ${SPENT} / ${objects.length}
 WHERE ${byNumber('object', quoteLiteral(run), idsOf(objects))}`
}
