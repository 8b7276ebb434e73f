import { PROMISED_SINCE, validationOf } from '../plan/steps.ts'
import type { DueObject, DueStep } from './flight.ts'
import type { Outcome } from './outcome.ts'

const FOREIGN_KEY_VIOLATION = '23503'

/**
 * The object as a constraint that binds new rows alone, where rows as they are on the source do not hold it: a CHECK whose function
 * says something else today, a foreign key whose rows were written past its triggers. None where it cannot be one.
 */
export function notValid<Due extends DueObject>(object: Due, outcome: Outcome | undefined, version: number): Due[] {
  const { kind, sql } = object
  if (outcome?.kind !== 'failed' || /\bNOT VALID;?\s*$/.test(sql)) return []
  const promised = sql.replace(/;?\s*$/, ' NOT VALID;\n')
  if (kind === 'CHECK CONSTRAINT') {
    const reason = `NOT VALID: rows as they are on the source do not pass it any more (${outcome.code})`
    return [{ ...object, sql: promised, verdict: 'transform', reason }]
  }
  if (kind !== 'FK CONSTRAINT' || outcome.code !== FOREIGN_KEY_VIOLATION) return []
  const { step = 'whole' } = object as Partial<DueStep>
  // The whole key, validated behind its parts, has the last word.
  if (step === 'part') return version >= PROMISED_SINCE ? [{ ...object, sql: NOTHING }] : []
  const validation = validationOf(sql)
  if (validation === null || (validation.partitioned && version < PROMISED_SINCE)) return []
  const reason = `NOT VALID: rows as they are on the source break it (${outcome.code}); when they are mended: ${validation.sql}`
  // Its first step has made it so already.
  return [{ ...object, sql: validation.made ? NOTHING : promised, verdict: 'transform', reason }]
}

const NOTHING = 'SELECT 1'
