import { objectName } from '../../core/ledger/object-name.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { quoteLiteral, quoteQualified } from '../../core/postgres/identifiers.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done, more } from '../../core/runtime/verdict.ts'
import { changedTables, readChangedTables } from '../../core/structure/changed.ts'
import { judgeOutcome, type Outcome } from './apply/outcome.ts'
import { SMALL_BYTES } from './plan/key-steps.ts'
import { timeKeeper, withDestination } from './with-destination.ts'

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
    let tables = await readDue(destination, event.run.id)
    while (tables.length > 0) {
      if (!hasTime()) return more()
      const analyzed = analyze(destination, event.run.id, batches(tables))
      // Asked in the same flight, and answered behind it.
      const [next, refused] = await Promise.all([readDue(destination, event.run.id), analyzed])
      if (refused.length > 0) await analyzeApart(destination, event.run.id, refused)
      tables = refused.length > 0 ? await readDue(destination, event.run.id) : next
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

interface Refused {
  readonly tables: readonly DueTable[]
  readonly outcome: Outcome
}

/** Sends all batches without waiting; returns those of which nothing was done. */
async function analyze(destination: Session, run: string, all: readonly (readonly DueTable[])[]): Promise<Refused[]> {
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
  if (failures.length > 0) await destination.rows(NOTE_FAILURES, [run, JSON.stringify(failures.map(noteOf))])
  for (const { outcome } of refused) if (outcome.kind === 'passing') throw outcome.error
}

function noteOf({ table, code, message }: { table: DueTable; code: string; message: string }) {
  const name = objectName({ kind: 'TABLE', schema: table.schema, name: table.name })
  return { oid: table.oid, message: `${name} has no statistics: ${code}: ${message}; mend the cause and ANALYZE it` }
}

/** The warning and the receipt are one. */
const NOTE_FAILURES = `
  WITH noted AS (
    UPDATE sampan.relation r SET analyzed_at = pg_catalog.clock_timestamp()
      FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS f(oid oid, message text)
     WHERE r.run = $1 AND r.oid = f.oid AND r.analyzed_at IS NULL RETURNING f.message
  )
  INSERT INTO sampan.event (run, level, step, code, message)
  SELECT $1, 'warning', 'Analyze', 'NOT_ANALYZED', message FROM noted`

function analyzeQuery(run: string, tables: readonly DueTable[]): string {
  return `SELECT sampan.require_open(${quoteLiteral(run)});
    SELECT sampan.use_source_path(${quoteLiteral(run)});
    ${tables.map(({ schema, name }) => `ANALYZE ${quoteQualified(schema, name)};`).join('\n')}
    SELECT pg_catalog.set_config('search_path', '', true);
    UPDATE sampan.relation SET analyzed_at = pg_catalog.clock_timestamp()
     WHERE run = ${quoteLiteral(run)} AND oid = ANY (ARRAY[${tables.map(({ oid }) => oid).join()}]::oid[])`
}
