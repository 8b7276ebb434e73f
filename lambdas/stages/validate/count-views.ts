import { readViewsOver, type ViewOver } from '../../core/filter/views-over.ts'
import type { RunEvent } from '../../core/ledger/events.ts'
import { type FilledView, readFilledViews, VIEW_DIFFERS } from '../../core/ledger/objects/fills.ts'
import { readChangedRelations } from '../../core/ledger/relations.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { quoteQualified } from '../../core/postgres/identifiers.ts'
import { readRowSecuredViews } from '../../core/postgres/row-secured-views.ts'
import { openSource } from '../../core/postgres/sessions.ts'
import { listed } from '../../core/present/listed.ts'
import { toSampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'

/** Above this size, on either side, counting takes a while, and the run does not wait for it. */
const MOST_BYTES = 256 * 1_048_576
/** No count is begun with less time than this left. */
const LEAST_MILLISECONDS = 60_000
const STATEMENT_TIMEOUT = '20s'

const COUNTABLE = `
  SELECT n.nspname::text AS schema, c.relname::text AS name,
         c.relispopulated AND pg_catalog.pg_relation_size(c.oid) <= ${MOST_BYTES}
           AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS countable
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm'`

/**
 * Materialized views are filled by REFRESH: a stale one, or one whose owner is shown fewer rows now, gets other rows than the source's has.
 * Their rows are counted on both sides where that costs little; a difference is told by name, and so is what was not counted.
 */
export async function countFilledViews(event: StepEvent, step: StepTools, destination: Session): Promise<RunEvent[]> {
  if (event.task.validation.mode === 'none') return []
  const filled = await readFilledViews(destination, event.run.id)
  if (filled.length === 0) return []
  const names = filled.map(({ schema, name }) => quoteQualified(schema, name))
  try {
    const settings = { statement_timeout: STATEMENT_TIMEOUT }
    const source = await openSource(event, step.environment, { purpose: 'count-views', signal: step.signal, settings })
    try {
      const changed = await readViewsOver(source, await readChangedRelations(destination, event.run.id))
      return await countAll(filled, changed, source, destination, step)
    } finally {
      await source.close()
    }
  } catch (thrown) {
    if (step.signal.aborted) throw thrown
    return [notCounted(names, `they could not be asked for (${toSampanError(thrown).code})`)]
  }
}

async function countAll(
  filled: readonly FilledView[],
  changed: readonly ViewOver[],
  source: Session,
  destination: Session,
  step: StepTools,
): Promise<RunEvent[]> {
  const here = await countable(source)
  const there = await countable(destination)
  const secured = await readRowSecuredViews(source)
  const tables = new Map(secured.map((view) => [quoteQualified(view.schema, view.name), view.tables]))
  const over = new Map(changed.map((view) => [quoteQualified(view.schema, view.name), view.tables]))
  const events: RunEvent[] = []
  const uncounted: string[] = []
  for (const view of filled) {
    const name = quoteQualified(view.schema, view.name)
    const nameThere = quoteQualified(view.thereSchema, view.thereName)
    const both = here.has(name) && there.has(nameThere) && step.remainingMilliseconds() > LEAST_MILLISECONDS
    const [from, to] = both ? [await countRows(source, name), await countRows(destination, nameThere)] : [null, null]
    if (from === null || to === null) {
      uncounted.push(name)
      continue
    }
    if (from === to) continue
    const [guarded, other] = [tables.get(name), over.get(name)]
    const because = other
      ? `it reads tables that the task filters or computes columns of (${listed(other)})`
      : guarded
        ? `it reads row-secured tables (${listed(guarded)}), whose policies its owner may be under`
        : 'it was filled anew, from the rows of its tables'
    const message = `materialized view ${name} has ${to} rows, on the source ${from}: ${because}`
    events.push({ level: other ? 'info' : 'warning', step: 'Seal', code: VIEW_DIFFERS, message })
  }
  const why = 'they are larger than 256 MB, not readable for the account, or not there any more'
  return uncounted.length === 0 ? events : [...events, notCounted(uncounted, why)]
}

async function countable(session: Session): Promise<ReadonlySet<string>> {
  const views = await session.rows<{ schema: string; name: string; countable: boolean }>(COUNTABLE)
  return new Set(views.filter((view) => view.countable).map(({ schema, name }) => quoteQualified(schema, name)))
}

/** `null` where the server does not count it in time. @throws SampanError where the connection is lost */
async function countRows(session: Session, name: string): Promise<string | null> {
  try {
    const [row] = await session.rows<{ rows: string }>(`SELECT pg_catalog.count(*)::text AS rows FROM ${name}`)
    return row?.rows ?? null
  } catch (thrown) {
    const { kind, code } = toSampanError(thrown)
    if (kind === 'connection' || code === 'STOPPED') throw thrown
    return null
  }
}

function notCounted(names: readonly string[], why: string): RunEvent {
  const message = `materialized views were filled anew, and not even their rows are counted: ${listed(names)}; ${why}`
  return { level: 'warning', step: 'Seal', code: 'MATERIALIZED_VIEWS_NOT_COUNTED', message }
}
