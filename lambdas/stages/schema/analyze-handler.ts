import { OWN_PATH_SQL, requireOpenSql, sourcePathSql } from '../../core/ledger/calls.ts'
import { readChangedTables } from '../../core/ledger/objects/changed-tables.ts'
import {
  analyzedSql,
  noteNotAnalyzed,
  readUnanalyzed,
  type UnanalyzedTable,
} from '../../core/ledger/objects/statistics.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { analyzingSql } from '../../core/rows/upkeep.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { inBatches } from '../../core/runtime/in-batches.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { timeKeeper } from '../../core/runtime/time-keeper.ts'
import { done, more } from '../../core/runtime/verdict.ts'
import { changedTables } from '../../core/structure/changed.ts'
import { objectName } from '../../core/structure/object-name.ts'
import { analyzeTrees } from './analyze-trees.ts'
import { judgeOutcome, type Outcome } from './apply/outcome.ts'
import { withDestination } from './apply/with-destination.ts'
import { SMALL_BYTES } from './plan/keys/key-steps.ts'

/** Tables on their way at once: ANALYZE reads 30,000 rows of each at most, some hundred milliseconds. */
const FLIGHT = 500
/** So many small ones in a transaction: a fence and a receipt cost as much as a small table's statistics. */
const BATCH = 50

/**
 * Analyze: statistics for the planner, without which the first queries after the cutover are slow. A table that cannot be analyzed
 * (a child of it is a foreign table out of reach, a function of its statistics fails) is named, and all others are.
 */
export const handler = stepHandler('Analyze', (event: StepEvent, step) =>
  withDestination(event, step, 'analyze', async (destination) => {
    const hasTime = timeKeeper(step)
    const began = step.remainingMilliseconds()
    const readDue = () => readUnanalyzed(destination, event.run.id, { most: FLIGHT, smallBytes: SMALL_BYTES })
    let tables = await readDue()
    while (tables.length > 0) {
      if (!hasTime()) return more()
      const analyzed = analyze(destination, event.run.id, batches(tables))
      // Asked in the same flight, and answered behind it.
      const [next, refused] = await Promise.all([readDue(), analyzed])
      if (refused.length > 0) await analyzeApart(destination, event.run.id, refused)
      tables = refused.length > 0 ? await readDue() : next
      step.progressed()
    }
    // They have most of a call, each of them is tried in one.
    if (step.remainingMilliseconds() < began / 2) return more()
    await analyzeTrees(destination, event.run.id, step)
    return done()
  }),
)

/** Large tables one by one, small ones together. */
function batches(tables: readonly UnanalyzedTable[]): (readonly UnanalyzedTable[])[] {
  const { large = [], small = [] } = Object.groupBy(tables, (table) => (table.small ? 'small' : 'large'))
  return [...large.map((table) => [table]), ...inBatches(small, BATCH)]
}

interface Refused {
  readonly tables: readonly UnanalyzedTable[]
  readonly outcome: Outcome
}

/** Sends all batches without waiting; returns those of which nothing was done. */
async function analyze(
  destination: Session,
  run: string,
  all: readonly (readonly UnanalyzedTable[])[],
): Promise<Refused[]> {
  const settled = await Promise.allSettled(all.map((batch) => destination.execute(analyzeQuery(run, batch))))
  return settled.flatMap((answer, at) =>
    answer.status === 'fulfilled' ? [] : [{ tables: all[at] ?? [], outcome: judgeOutcome(answer.reason) }],
  )
}

/**
 * The tables one by one; what a table itself is at fault for is put down, and it is not tried again.
 * @throws SampanError what may pass by itself
 */
async function analyzeApart(destination: Session, run: string, batches: readonly Refused[]): Promise<void> {
  const alone = batches.filter(({ tables }) => tables.length === 1)
  const together = batches.filter(({ tables }) => tables.length > 1).flatMap(({ tables }) => tables)
  const refused = [
    ...alone,
    ...(await analyze(
      destination,
      run,
      together.map((table) => [table]),
    )),
  ]
  const failures = refused.flatMap(({ tables, outcome }) =>
    outcome.kind === 'failed' ? tables.map((table) => ({ table, ...outcome })) : [],
  )
  const changed = failures.length > 0 ? await readChangedTables(destination, run) : []
  if (changed.length > 0) throw new SampanError(changedTables(changed))
  await noteNotAnalyzed(destination, run, failures.map(noteOf))
  for (const { outcome } of refused) if (outcome.kind === 'passing') throw outcome.error
}

function noteOf({ table, code, message }: { table: UnanalyzedTable; code: string; message: string }) {
  const name = objectName({ kind: 'TABLE', schema: table.schema, name: table.name })
  return { oid: table.oid, message: `${name} has no statistics: ${code}: ${message}; mend the cause and ANALYZE it` }
}

/** The fence, the statistics and their receipt: one Query, which is one transaction. */
function analyzeQuery(run: string, tables: readonly UnanalyzedTable[]): string {
  return [
    requireOpenSql(run),
    sourcePathSql(run),
    ...tables.map((table) => analyzingSql({ side: 'destination', ...table })),
    OWN_PATH_SQL,
    analyzedSql(run, tables),
  ].join(';\n')
}
