import { readDifferentRanges, takeBackLargeObjects } from '../../core/ledger/chunks/take-back.ts'
import { keepRun } from '../../core/ledger/fence.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { inTransaction } from '../../core/postgres/transaction.ts'
import { largeObjectPageCount } from '../../core/rows/large-objects.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import { goneObjects, markGone, readGone } from '../../core/structure/gone.ts'

/**
 * What somebody has dropped on the destination since an earlier start is made anew, and copied again.
 * @throws SampanError DST_OBJECTS_GONE
 */
export async function takeBackGone(destination: Session, run: string): Promise<void> {
  const gone = await readGone(destination, run)
  if (gone.length > 0 && !(await markGone(destination, run, gone))) throw new SampanError(goneObjects(gone, false))
  await takeBackRemoved(destination, run)
}

/** Of large objects those that were found to differ. What is still there is not touched: somebody may have written it. */
async function takeBackRemoved(destination: Session, run: string): Promise<void> {
  const chunks: number[] = []
  for (const { chunk, lower, upper, pages } of await readDifferentRanges(destination, run)) {
    const [row] = await destination.rows<{ pages: number }>(largeObjectPageCount(lower, upper))
    if ((row?.pages ?? 0) < pages) chunks.push(chunk)
  }
  if (chunks.length === 0) return
  await inTransaction(destination, async () => {
    await keepRun(destination, run)
    await takeBackLargeObjects(destination, run, chunks)
  })
}
