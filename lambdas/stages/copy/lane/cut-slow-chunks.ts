import { cutSlowChunk, holdSlowChunk, type SlowChunk } from '../../../core/ledger/chunks/slow.ts'
import { fenceRun } from '../../../core/ledger/fence.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { askUnderPath, OWN_PATH, type SearchPath } from '../../../core/postgres/search-path.ts'
import { inTransaction } from '../../../core/postgres/transaction.ts'
import { keyRange } from '../../../core/rows/range.ts'
import { rowsOf, whereOf } from '../../../core/rows/select.ts'

/**
 * Cuts every range of a key that a call before had no time for, at its middle row: each half in a transaction of its own,
 * so that it stays cut if this call's time is not enough either. Lanes that do it at once do not cut twice.
 * @param source inside the view
 * @returns how many were cut
 */
export async function cutSlowChunks(
  source: Session,
  destination: Session,
  run: string,
  searchPath: SearchPath = OWN_PATH,
): Promise<number> {
  for (let cut = 0; ; ) {
    const found = await inTransaction(destination, async () => {
      await fenceRun(destination, run)
      const chunk = await holdSlowChunk(destination, run)
      if (chunk === null) return null
      const middle = await askUnderPath(source, searchPath, () => middleOf(source, chunk))
      await cutSlowChunk(destination, run, chunk, middle)
      return { cut: middle !== null }
    })
    if (found === null) return cut
    if (found.cut) cut += 1
  }
}

/** The key of the middle row, as a bound; `null` of one row or none. */
async function middleOf(source: Session, chunk: SlowChunk): Promise<string | null> {
  const names = (JSON.parse(chunk.keyColumn ?? '[]') as readonly string[]).map(quoteIdentifier)
  const texts = names.map((name) => `${name}::pg_catalog.text`).join(', ')
  const rows = `${rowsOf(chunk.source)}${whereOf(chunk.source, ...keyRange(chunk))}`
  // Of one row the middle would be its own key, and one half empty.
  const [row] = await source.rows<{ bound: readonly string[] }>(
    `SELECT ARRAY[${texts}] AS bound FROM ${rows} ORDER BY ${names.join(', ')}
     OFFSET GREATEST(1, (SELECT pg_catalog.count(*) / 2 FROM ${rows})) LIMIT 1`,
  )
  return row === undefined ? null : JSON.stringify(row.bound)
}
