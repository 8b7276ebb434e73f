import type { DueObject } from '../../../core/ledger/objects/due.ts'
import type { DueStep } from '../../../core/ledger/objects/steps.ts'
import { inBatches } from '../../../core/runtime/in-batches.ts'
import { type Batch, batchQuery } from './flight.ts'

/**
 * Objects of one transaction. A claim and a receipt cost more than a small object: of 50 they are a few per cent, and the
 * locks of all lanes together stay far below the smallest lock table.
 */
export const BATCH = 50

/** A stage in its order: each batch is made only when all before it are. */
export function stageBatches(run: string, objects: readonly DueObject[]): Batch<DueObject>[] {
  return inBatches(objects, BATCH).map((batch) => ({
    objects: batch,
    together: batchQuery(run, batch, { alone: [], inOrder: true }),
  }))
}

/**
 * Steps that a lane has chosen. Keys and indexes of small tables go together, a table's keys before its indexes and all in
 * the order of tables: whoever works on some of the same tables waits at the first one, and nobody for each other.
 */
export function stepBatches(run: string, steps: readonly DueStep[]): Batch<DueStep>[] {
  const { plain = [], single = [] } = Object.groupBy(steps, (step) => (isPlain(step) ? 'plain' : 'single'))
  const rank = ({ kind }: DueStep) => (kind === 'CONSTRAINT' ? 0 : 1)
  const ordered = plain.toSorted((a, b) => (a.table ?? 0) - (b.table ?? 0) || rank(a) - rank(b) || a.id - b.id)
  return [
    { objects: single, together: null },
    ...inBatches(ordered, BATCH).map((batch) => {
      const alone = new Set(batch.flatMap((step) => (step.alone === null ? [] : [step.alone])))
      return { objects: batch, together: batchQuery(run, batch, { alone: [...alone], inOrder: false }) }
    }),
  ]
}

/** Made in one step from one table's rows, and in no other one's way. */
function isPlain({ kind, step, table }: DueStep): boolean {
  return step === 'whole' && table !== null && (kind === 'INDEX' || kind === 'CONSTRAINT')
}
