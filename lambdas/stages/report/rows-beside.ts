import { countText, numberOf } from '../../core/present/units.ts'
import type { TableReport, Totals } from './model.ts'

type RowsBeside = Omit<NonNullable<TableReport['beside']>, 'places'>

/** What became of rows that came into tables whose rows stay, of all of them; `null` where none did. */
export function rowsBeside(totals: Totals): RowsBeside | null {
  const { tablesBeside, rowsInserted, rowsKeptEqual, rowsKeptDifferent, rowsOfOthers } = totals
  if (tablesBeside === 0) return null
  return { inserted: rowsInserted, equal: rowsKeptEqual, different: rowsKeptDifferent, others: rowsOfOthers }
}

/** `85 rows came, 10 stood there the same, 5 stood there otherwise and stay`. */
export function besideText({ inserted, equal, different, others }: RowsBeside): string {
  const parts = [
    `${numberOf(inserted, 'row')} came`,
    `${countText(equal)} stood there the same`,
    `${countText(different)} stood there otherwise and stay`,
  ]
  return `${parts.join(', ')}${others ? `, beside ${countText(others)} that the source does not have` : ''}`
}
