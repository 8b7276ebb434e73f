import type { Session } from '../postgres/connect.ts'
import { quoteLiteral, quoteQualified } from '../postgres/identifiers.ts'
import type { StepEvent } from '../runtime/event.ts'
import { stepHandler } from '../runtime/step-handler.ts'
import { done, more } from '../runtime/verdict.ts'
import { SMALL_BYTES } from './plan/key-steps.ts'
import { timeKeeper, withDestination } from './with-destination.ts'

/** Tables on their way at once: ANALYZE reads 30,000 rows of each at most, some hundred milliseconds. */
const FLIGHT = 500
/** So many small ones in a transaction: a fence and a receipt cost as much as a small table's statistics. */
const BATCH = 50

/** Analyze: statistics for the planner, without which the first queries after the cutover are slow. */
export const handler = stepHandler('Analyze', (event: StepEvent, step) =>
  withDestination(event, step, 'analyze', async (destination) => {
    const hasTime = timeKeeper(step)
    let tables = await readDue(destination, event.run.id)
    while (tables.length > 0) {
      if (!hasTime()) return more()
      const analyzed = batches(tables).map((batch) => destination.execute(analyzeQuery(event.run.id, batch)))
      // Asked in the same flight, and answered behind it.
      const [next] = await Promise.all([readDue(destination, event.run.id), ...analyzed])
      tables = next
      step.progressed()
    }
    return done()
  }),
)

interface DueTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly small: boolean
}

/** Tables without a receipt, and that are there: what could not be made has no statistics. */
function readDue(destination: Session, run: string): Promise<DueTable[]> {
  return destination.rows<DueTable>(
    `SELECT r.oid, r.schema, r.name, r.bytes <= ${SMALL_BYTES} AS small FROM sampan.relation r
      WHERE r.run = $1 AND r.analyzed_at IS NULL
        -- Looked up one by one: a join would be guessed to be of a few rows, and be the square of the number of tables.
        AND (SELECT o.status FROM sampan.object o WHERE o.run = r.run AND o.id = r.object) IN ('migrated', 'transformed')
      ORDER BY r.bytes DESC, r.oid LIMIT ${FLIGHT}`,
    [run],
  )
}

/** Large tables one by one, small ones together. */
function batches(tables: readonly DueTable[]): (readonly DueTable[])[] {
  const { large = [], small = [] } = Object.groupBy(tables, (table) => (table.small ? 'small' : 'large'))
  const count = Math.ceil(small.length / BATCH)
  return [
    ...large.map((table) => [table]),
    ...Array.from({ length: count }, (_, index) => small.slice(index * BATCH, (index + 1) * BATCH)),
  ]
}

function analyzeQuery(run: string, tables: readonly DueTable[]): string {
  return `SELECT sampan.require_open(${quoteLiteral(run)});
    SELECT sampan.use_source_path(${quoteLiteral(run)});
    ${tables.map(({ schema, name }) => `ANALYZE ${quoteQualified(schema, name)};`).join('\n')}
    SELECT pg_catalog.set_config('search_path', '', true);
    UPDATE sampan.relation SET analyzed_at = pg_catalog.clock_timestamp()
     WHERE run = ${quoteLiteral(run)} AND oid = ANY (ARRAY[${tables.map(({ oid }) => oid).join()}]::oid[])`
}
