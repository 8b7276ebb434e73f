import type { Comparison } from '../../core/ledger/comparisons.ts'
import type { Difference } from '../../core/ledger/differences.ts'
import { isLargeObjects, type Relation } from '../../core/ledger/relation.ts'
import { readRelations } from '../../core/ledger/relations.ts'
import { destinationPath, readRun, type SourceIdentity } from '../../core/ledger/run.ts'
import { OWN_PATH, type SearchPath } from '../../core/postgres/search-path.ts'
import { openDestination, openSource } from '../../core/postgres/sessions.ts'
import { inTransaction } from '../../core/postgres/transaction.ts'
import { toSampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { causesOf } from '../../core/runtime/logging.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { compareLargeObjects } from './drill-down/compare-large-objects.ts'
import { drillDown, type Ends } from './drill-down/drill-down.ts'

/** Where more tables than these differ, they differ for one reason. */
const MOST_TABLES = 10
/** Share of the call's time that the look may take: the judgement must be written in the rest. */
const SHARE = 0.6
const LEAST_MILLISECONDS = 1_000
/** One view for all statements of a look, and nothing written. */
const SETTINGS = { default_transaction_isolation: 'repeatable read', default_transaction_read_only: 'on' }

/**
 * Looks into the tables that differ, smallest first, as long as time allows. It explains a failure and must never cause
 * another: what cannot be read is left out and logged.
 */
export async function lookInto(
  event: StepEvent,
  step: StepTools,
  different: readonly Comparison[],
): Promise<Difference[]> {
  const deadline = performance.now() + step.remainingMilliseconds() * SHARE
  const tables = different
    .filter((relation) => relation.parts > 0)
    .sort((one, other) => one.bytes - other.bytes)
    .slice(0, MOST_TABLES)
  if (tables.length === 0) return []
  const found: Difference[] = []
  await withEnds(event, step, async (ends) => {
    const [known, { source }] = await Promise.all([
      readRelations(ends.destination, event.run.id),
      readRun(ends.destination, event.run.id),
    ])
    const relations = new Map(known.map((relation) => [relation.oid, relation]))
    for (const table of tables) {
      const left = Math.floor(deadline - performance.now())
      const relation = relations.get(table.oid)
      if (left < LEAST_MILLISECONDS || relation === undefined) break
      const difference = await lookIntoOne(ends, relation, table, left, pathsOf(source)).catch((thrown: unknown) =>
        note(step, thrown),
      )
      if (difference) found.push(difference)
    }
  }).catch((thrown: unknown) => note(step, thrown))
  return found
}

/** What the source does not have is somebody’s where rows came beside others. */
function withoutOthers(found: Difference): Difference {
  return { ...found, surplus: 0, places: found.places.filter(({ kind }) => kind !== 'surplus') }
}

type Paths = Readonly<Record<'source' | 'destination', SearchPath>>

function pathsOf(identity: SourceIdentity): Paths {
  return { source: identity.searchPath ?? OWN_PATH, destination: destinationPath(identity) }
}

async function lookIntoOne(ends: Ends, relation: Relation, table: Comparison, milliseconds: number, paths: Paths) {
  const settings = (path: SearchPath) =>
    `SET LOCAL statement_timeout = ${milliseconds}; SET LOCAL search_path = ${path}`
  return inTransaction(ends.source, () =>
    inTransaction(ends.destination, async () => {
      await Promise.all([
        ends.source.execute(settings(paths.source)),
        ends.destination.execute(settings(paths.destination)),
      ])
      if (isLargeObjects(relation)) return compareLargeObjects(ends, table, performance.now() + milliseconds)
      const found = await drillDown(ends, relation, table)
      return relation.beside ? withoutOthers(found) : found
    }),
  )
}

async function withEnds(event: StepEvent, step: StepTools, body: (ends: Ends) => Promise<void>): Promise<void> {
  const options = { purpose: 'drill-down', signal: step.signal, settings: SETTINGS }
  const source = await openSource(event, step.environment, options)
  try {
    const destination = await openDestination(event, step.environment, options)
    try {
      await body({ source, destination })
    } finally {
      await destination.close()
    }
  } finally {
    await source.close()
  }
}

function note(step: StepTools, thrown: unknown): null {
  const error = toSampanError(thrown)
  step.logger.warn('DRILL_DOWN_FAILED', { error: error.code, causes: causesOf(error) })
  return null
}
