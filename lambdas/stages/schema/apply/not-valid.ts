import { PROMISED_SINCE } from '../../../core/filter/keys.ts'
import { noteNotValidSql } from '../../../core/ledger/calls.ts'
import type { DueObject } from '../../../core/ledger/objects/due.ts'
import type { DueStep } from '../../../core/ledger/objects/steps.ts'
import { constraintOf } from '../plan/steps.ts'
import type { Outcome } from './outcome.ts'

const FOREIGN_KEY_VIOLATION = '23503'

/**
 * The constraint as one that binds new rows alone, where rows as they came do not hold it: a CHECK whose function says something else
 * today, a foreign key whose rows were written past its triggers. None where it cannot be one: of a partitioned table's foreign key
 * servers before 18 know no such form.
 */
export function notValid<Due extends DueObject>(
  run: string,
  object: Due,
  outcome: Outcome | undefined,
  serverVersion: number,
): Due[] {
  const { kind, sql } = object
  if (outcome?.kind !== 'failed' || /\bNOT VALID;?\s*$/.test(sql)) return []
  const { step = 'whole' }: Partial<DueStep> = object
  const isKey = kind === 'FK CONSTRAINT' && outcome.code === FOREIGN_KEY_VIOLATION
  if (kind !== 'CHECK CONSTRAINT' && !isKey) return []
  const constraint = constraintOf(sql)
  const parted = step === 'part' || constraint?.withPartitions
  if (constraint === null || (isKey && parted && serverVersion < PROMISED_SINCE)) return []
  // The first of a key's two steps has made it so already.
  const make = constraint.made ? '' : `${sql.replace(/;?\s*$/, ' NOT VALID')};\n`
  const note = noteNotValidSql(run, object.id, { ...constraint, code: outcome.code })
  // Other parts are left as they are: with the key nothing is due any more.
  const last = step === 'part' ? { step: 'finish', part: null } : {}
  return [{ ...object, ...last, sql: `${make}${note}`, verdict: 'transform' }]
}
