import {
  copyAnew,
  hasRowsBeside,
  holdCut,
  readDifferentRanges,
  readFilledTables,
  takeBackLargeObjects,
  takeBackTables,
} from '../../core/ledger/chunks/take-back.ts'
import { compare, readComparisons } from '../../core/ledger/comparisons.ts'
import { keepRun } from '../../core/ledger/fence.ts'
import { readRelations } from '../../core/ledger/relations.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { quoteQualified } from '../../core/postgres/identifiers.ts'
import { inTransaction } from '../../core/postgres/transaction.ts'
import { emptyRelation } from '../../core/rows/empty-relation.ts'
import { largeObjectPageCount } from '../../core/rows/large-objects.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import { inBatches } from '../../core/runtime/in-batches.ts'
import { goneObjects, markGone, readGone } from '../../core/structure/gone.ts'

/**
 * What somebody has dropped on the destination since an earlier start is made anew, and copied again.
 * @throws SampanError DST_OBJECTS_GONE
 */
export async function takeBackGone(destination: Session, run: string): Promise<void> {
  const gone = await readGone(destination, run)
  if (gone.length > 0 && !(await markGone(destination, run, gone))) throw new SampanError(goneObjects(gone, false))
  await takeBackRemoved(destination, run)
  await takeBackEmptied(destination, run)
  await takeBackBeside(destination, run)
}

/**
 * Tables into which rows came beside others, and were found to lack some of them: the run’s own rows, as far as nobody has changed them, come
 * once more with what is missing. Rows of others stay.
 */
async function takeBackBeside(destination: Session, run: string): Promise<void> {
  if (!(await hasRowsBeside(destination, run))) return
  const compared = await readComparisons(destination, run)
  const differing = new Set(
    compared.filter((one) => one.beside && compare(one, 'full') === 'differs').map(({ oid }) => oid),
  )
  if (differing.size === 0) return
  const relations = (await readRelations(destination, run)).filter(({ oid }) => differing.has(oid))
  await inTransaction(destination, async () => {
    await keepRun(destination, run)
    for (const relation of relations)
      if (await holdCut(destination, run, relation.oid)) await emptyRelation(destination, run, relation)
    await copyAnew(destination, run)
  })
}

/**
 * Of tables that stood there before the run those that somebody has emptied: such a table is not dropped to come back. The lane that copies
 * looks once more, under a lock.
 */
async function takeBackEmptied(destination: Session, run: string): Promise<void> {
  const filled = await readFilledTables(destination, run)
  const emptied: number[] = []
  for (const batch of inBatches(filled, LOOKED_AT)) {
    const asked = batch.map(
      ({ oid, schema, name, tree }) =>
        `SELECT ${oid}::bigint::float8 AS oid WHERE NOT EXISTS (SELECT FROM ${tree ? '' : 'ONLY '}${quoteQualified(schema, name)})`,
    )
    const rows = await destination.rows<{ oid: number }>(asked.join(' UNION ALL '))
    emptied.push(...rows.map(({ oid }) => oid))
  }
  if (emptied.length === 0) return
  await inTransaction(destination, async () => {
    await keepRun(destination, run)
    await takeBackTables(destination, run, emptied)
  })
}

/** Tables of one question: it locks each of them. */
const LOOKED_AT = 100

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
