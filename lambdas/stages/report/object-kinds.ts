import type { ObjectReport } from './model.ts'

const LEFT_OUT =
  /^it needs .*, which (is excluded|is left out|the destination’s account may not make|the destination’s version refuses)$/

export function isUnmade({ status }: ObjectReport): boolean {
  return status === 'failed' || status === 'blocked'
}

/** With it rows are missing. */
export function isUnmadeTable({ kind }: ObjectReport): boolean {
  return /^(TABLE|TABLE DATA|MATERIALIZED VIEW|PARTITION.*)$/.test(kind)
}

/** A relation that the task chose and did not get, because it needs what is left out. */
export function isLeftOut({ kind, status, reason }: ObjectReport): boolean {
  return status === 'skipped' && /(TABLE|VIEW|SEQUENCE)$/.test(kind) && LEFT_OUT.test(reason ?? '')
}

/** A materialized view that was filled anew, from what was copied. */
export function isFilledView({ kind, status }: ObjectReport): boolean {
  return kind === 'MATERIALIZED VIEW DATA' && (status === 'migrated' || status === 'transformed')
}

/** A constraint that rows do not hold: it has a statement to run when they are mended. */
export function isNotValid({ status, reason }: ObjectReport): boolean {
  return status === 'transformed' && /^NOT VALID\b/.test(reason ?? '')
}

/** Failed before blocked, tables before all. */
export function rankOfUnmade(object: ObjectReport): number {
  return (isUnmadeTable(object) ? 0 : 2) + (object.status === 'failed' ? 0 : 1)
}
