import type { TableReport } from './model.ts'

/** What the task's filters have let come. */
export interface FilteredRows {
  readonly tables: readonly TableReport[]
  readonly rows: number
  /** About how many rows the source has of these tables; `null` where it does not know it of one of them. */
  readonly of: number | null
}

/** `null` where nothing is filtered. */
export function filteredRows(tables: readonly TableReport[]): FilteredRows | null {
  const filtered = tables.filter(({ filter }) => filter)
  if (filtered.length === 0) return null
  return {
    tables: filtered,
    rows: filtered.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
    of: filtered.reduce<number | null>(
      (sum, { rowsEstimated = null }) => (sum === null || rowsEstimated === null ? null : sum + rowsEstimated),
      0,
    ),
  }
}
