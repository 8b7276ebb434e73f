import type { Session } from '../postgres/connect.ts'
import { quoteLiteral, quoteQualified } from '../postgres/identifiers.ts'
import type { StepEvent } from '../runtime/event.ts'
import { stepHandler } from '../runtime/step-handler.ts'
import { done, more } from '../runtime/verdict.ts'
import { timeKeeper, withDestination } from './with-destination.ts'

/** Tables on their way at once: ANALYZE reads 30,000 rows of each at most, some hundred milliseconds. */
const FLIGHT = 200

/** Analyze: statistics for the planner, without which the first queries after the cutover are slow. */
export const handler = stepHandler('Analyze', (event: StepEvent, step) =>
  withDestination(event, step, 'analyze', async (destination) => {
    const hasTime = timeKeeper(step)
    let tables = await readDue(destination, event.run.id)
    while (tables.length > 0) {
      if (!hasTime()) return more()
      const analyzed = tables.map((table) => destination.execute(analyzeQuery(event.run.id, table)))
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
}

/** Tables without a receipt, and that are there: what could not be made has no statistics. */
function readDue(destination: Session, run: string): Promise<DueTable[]> {
  return destination.rows<DueTable>(
    `SELECT r.oid, r.schema, r.name FROM sampan.relation r JOIN sampan.object o ON o.run = r.run AND o.id = r.object
      WHERE r.run = $1 AND r.analyzed_at IS NULL AND o.status IN ('migrated', 'transformed')
      ORDER BY r.bytes DESC, r.oid LIMIT ${FLIGHT}`,
    [run],
  )
}

function analyzeQuery(run: string, { oid, schema, name }: DueTable): string {
  return `SELECT sampan.require_open(${quoteLiteral(run)});
    ANALYZE ${quoteQualified(schema, name)};
    UPDATE sampan.relation SET analyzed_at = pg_catalog.clock_timestamp() WHERE run = ${quoteLiteral(run)} AND oid = ${oid}`
}
