import { LARGE_OBJECTS_TITLE } from '../../core/ledger/relation.ts'
import type { Entries } from './entries.ts'
import type { ObjectReport, SequenceReport, TableReport, Totals } from './model.ts'
import { isFilledView, isLeftOut, isUnmade, isUnmadeTable } from './object-kinds.ts'

type Counts = { -readonly [name in keyof Totals]: Totals[name] }

/** What a database has of everything, counted part by part. */
export class Tally {
  readonly totals: Counts = {
    ...{ tables: 0, largeObjects: 0, rows: 0, bytes: 0, chunks: 0 },
    ...{ tablesEqual: 0, tablesDigested: 0, largeObjectsEqual: 0, tablesDifferent: 0 },
    ...{ tablesUnfinished: 0, bytesUnfinished: 0, tablesFiltered: 0, rowsFiltered: 0, rowsOfFiltered: 0 },
    ...{ tablesBeside: 0, rowsInserted: 0, rowsKeptEqual: 0, rowsKeptDifferent: 0, rowsOfOthers: 0 },
    ...{ tablesExpressed: 0, columnsExpressed: 0, columnsNotCompared: 0, tablesComputed: 0 },
    ...{ objects: 0, migrated: 0, transformed: 0, skipped: 0, failed: 0, blocked: 0, pending: 0 },
    ...{ tablesUnmade: 0, viewsFilled: 0, leftOut: 0, sequences: 0, sequencesEqual: 0, sequencesDifferent: 0 },
  }

  add({ tables, objects, sequences }: Pick<Entries, 'tables' | 'objects' | 'sequences'>): void {
    for (const table of tables) this.#table(table)
    for (const object of objects) this.#object(object)
    for (const sequence of sequences) this.#sequence(sequence)
  }

  #table(table: TableReport): void {
    const { totals } = this
    const isLarge = table.name === LARGE_OBJECTS_TITLE
    const equal = table.match === true
    totals.tables += 1
    totals.largeObjects += Number(isLarge)
    totals.rows += isLarge ? 0 : (table.rows ?? 0)
    totals.bytes += table.bytes
    totals.chunks += table.chunks
    totals.tablesEqual += Number(equal)
    totals.tablesDigested += Number(equal && table.sourceDigest !== null)
    totals.largeObjectsEqual += Number(equal && isLarge)
    totals.tablesDifferent += Number(table.match === false)
    if (isUnfinished(table)) {
      totals.tablesUnfinished += 1
      totals.bytesUnfinished += table.bytes
    }
    if (table.filter) {
      const of = table.rowsEstimated ?? null
      totals.tablesFiltered += 1
      totals.rowsFiltered += table.rows ?? 0
      totals.rowsOfFiltered = totals.rowsOfFiltered === null || of === null ? null : totals.rowsOfFiltered + of
    }
    if (table.beside) {
      const { inserted, equal, different, others } = table.beside
      totals.tablesBeside += 1
      totals.rowsInserted += inserted
      totals.rowsKeptEqual += equal
      totals.rowsKeptDifferent += different
      totals.rowsOfOthers = totals.rowsOfOthers === null || others === null ? null : totals.rowsOfOthers + others
    }
    totals.tablesExpressed += Number((table.expressed ?? []).length > 0)
    totals.columnsExpressed += (table.expressed ?? []).length
    totals.columnsNotCompared += table.sourceDigest === null ? 0 : (table.notCompared ?? []).length
    totals.tablesComputed += Number((table.computed ?? []).length > 0)
  }

  #object(object: ObjectReport): void {
    const { totals } = this
    totals.objects += 1
    totals[object.status] += 1
    totals.tablesUnmade += Number(isUnmade(object) && isUnmadeTable(object))
    totals.viewsFilled += Number(isFilledView(object))
    totals.leftOut += Number(isLeftOut(object))
  }

  #sequence({ match }: SequenceReport): void {
    this.totals.sequences += 1
    this.totals.sequencesEqual += Number(match === true)
    this.totals.sequencesDifferent += Number(match === false)
  }
}

/** What is not copied to its end. */
export function isUnfinished({ chunks, chunksDone }: TableReport): boolean {
  return chunksDone < chunks
}

/** Of several databases together. */
export function sumOf(
  databases: readonly { readonly totals: Totals }[],
  of: Exclude<keyof Totals, 'rowsOfFiltered' | 'rowsOfOthers'>,
): number {
  return databases.reduce((sum, { totals }) => sum + totals[of], 0)
}

/** What the task's filters have let come of all databases; `null` where nothing is filtered. */
export function filteredRows(databases: readonly { readonly totals: Totals }[]): {
  readonly rows: number /** Of about so many; `null` where that is not known. */
  readonly of: number | null
} | null {
  const filtered = databases.filter(({ totals }) => totals.tablesFiltered > 0)
  if (filtered.length === 0) return null
  const of = filtered.map(({ totals }) => totals.rowsOfFiltered)
  return {
    rows: sumOf(filtered, 'rowsFiltered'),
    of: of.reduce((sum, one) => (sum === null || one === null ? null : sum + one)) ?? null,
  }
}
