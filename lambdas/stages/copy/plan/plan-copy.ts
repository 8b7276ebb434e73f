import type { Chunk } from '../../../core/ledger/chunks/chunk.ts'
import { readPlannedChunks, storeChunks } from '../../../core/ledger/chunks/plan.ts'
import { type RunEvent, writeEvents } from '../../../core/ledger/events.ts'
import { keepRun } from '../../../core/ledger/fence.ts'
import { isLargeObjects, type Relation, titleOf } from '../../../core/ledger/relation.ts'
import { type RelationForm, readRelations, storeForms } from '../../../core/ledger/relations.ts'
import { markPlanned } from '../../../core/ledger/run.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { sqlFile } from '../../../core/postgres/sql-file.ts'
import { inOneFlight } from '../../../core/postgres/transaction.ts'
import { listed } from '../../../core/present/listed.ts'
import { readRowEstimates } from '../../../core/rows/row-estimates.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { Task } from '../../../core/task/task.ts'
import { readHeldTypes } from './alike-text.ts'
import { cutLargeObjects, numberChunks } from './chunking.ts'
import type { ColumnType, FormServers } from './column-form.ts'
import { cutRelations } from './cut.ts'
import { decideForm, type TravelForm } from './relation-form.ts'
import { formServers } from './servers.ts'

const COLUMN_TYPES = sqlFile(new URL('./sql/column-types.sql', import.meta.url))

/**
 * So many columns are planned together (a test makes it few): what is known of each, with the digests it goes into, is about a kilobyte and a half here, and a
 * database of 400,000 columns must fit into a call's memory as well as into its time.
 */
export const planBatches = { columns: 20_000 }

/**
 * Decides how every relation travels that has no chunks yet, and cuts it into some: the plan is data in the ledger, the largest relations first,
 * each batch in a transaction. Whoever is stopped in between leaves what is planned, and the next call goes on behind it. Few
 * round trips, whatever the number of tables.
 * @param hasTime asked before each batch but the first
 * @returns false where the time was used up before the end
 */
export async function planCopy(
  source: Session,
  destination: Session,
  task: Task,
  run: string,
  hasTime: () => boolean,
): Promise<boolean> {
  const [all, planned, servers] = await Promise.all([
    readRelations(destination, run),
    readPlannedChunks(destination, run),
    formServers(source, destination),
  ])
  // A plan that was made anew leaves what it does not touch as it was, and so does a call that goes on.
  const before = new Set(planned.relations)
  const batches = batchesOf(all.filter(({ oid }) => !before.has(oid)))
  let { lastId } = planned
  for (const [number, relations] of batches.entries()) {
    if (number > 0 && !hasTime()) return false
    const plan = await planBatch(source, relations, { task, servers, lastId })
    lastId += plan.chunks.length
    await storePlan(destination, run, plan, number === batches.length - 1)
  }
  return true
}

/** The largest first, so that chunks are numbered in about that order; one batch at least. */
function batchesOf(relations: readonly Relation[]): readonly (readonly Relation[])[] {
  const batches: Relation[][] = [[]]
  let columns = 0
  for (const relation of relations.toSorted((a, b) => b.bytes - a.bytes)) {
    if (columns > 0 && columns + relation.source.columns.length > planBatches.columns) {
      batches.push([])
      columns = 0
    }
    batches.at(-1)?.push(relation)
    // One without columns is work as well.
    columns += relation.source.columns.length + 1
  }
  return batches
}

async function planBatch(
  source: Session,
  relations: readonly Relation[],
  { task, servers, lastId }: { readonly task: Task; readonly servers: FormServers; readonly lastId: number },
): Promise<CopyPlan> {
  const columns = await readColumnTypes(source, relations)
  // A cutover may have to compare a table, whatever the task compares.
  const wishes = { format: task.format, digests: task.validation.mode === 'full' || task.mode === 'follow' }
  const forms = relations
    .filter((relation) => !isLargeObjects(relation))
    .map((relation) => decideForm(relation, columns.get(relation.oid) ?? [], servers, wishes))
  requireTold(relations, forms)
  const options = { chunkBytes: task.chunkMegabytes * 1_000_000, sourceVersion: source.serverVersion }
  const tables = relations.filter((relation) => !isLargeObjects(relation))
  const cuts = await cutRelations(source, tables, options)
  const large = relations.filter(isLargeObjects)
  const objects = await Promise.all(large.map((relation) => largeObjectChunks(source, relation, options.chunkBytes)))
  // Whoever counts on the source finds more than a filter lets come.
  const filtered = tables.filter(({ source: here, destination: there }) => here.where !== null && there.where === null)
  const rows = await readRowEstimates(
    source,
    filtered.map(({ oid }) => oid),
  )
  return {
    forms: forms.map((form) => ({
      ...form,
      cutReason: cuts.get(form.oid)?.reason ?? '',
      rowsEstimated: roundedRows(rows.get(form.oid)),
    })),
    chunks: numberChunks([...[...cuts.values()].flatMap(({ chunks }) => chunks), ...objects.flat()], lastId),
    warnings: [
      ...(task.format === 'binary' ? insteadOfBinary(forms, relations) : []),
      ...leftUncompared(forms, relations),
    ],
  }
}

/**
 * Rows that came beside others are found again by their hashes: a key that both servers print otherwise is in none of them.
 * @throws SampanError DST_TABLE_KEYLESS
 */
function requireTold(relations: readonly Relation[], forms: readonly TravelForm[]): void {
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]))
  const untold = forms.filter(({ oid, notCompared }) => {
    const { beside, source, destination } = byOid.get(oid) ?? {}
    return beside?.some(({ column }) => {
      const name = source?.columns[destination?.columns.indexOf(column) ?? -1] ?? column
      return notCompared.some((one) => one === name || one.startsWith(`${name}.`))
    })
  })
  if (untold.length === 0) return
  const titles = untold.flatMap(({ oid }) => byOid.get(oid) ?? []).map(titleOf)
  throw new SampanError({
    code: 'DST_TABLE_KEYLESS',
    message: `both servers print values of their keys differently, and rows that come beside others cannot be told by them: ${listed(titles)}`,
    remedy:
      'nothing was copied: say "conflicts": "truncate" of the tables where their rows may go, or exclude them; under another name of the task',
  })
}

function roundedRows(rows: number | undefined): number | null {
  return rows === undefined ? null : Math.round(rows)
}

interface CopyPlan {
  readonly forms: readonly RelationForm[]
  readonly chunks: readonly Chunk[]
  readonly warnings: readonly RunEvent[]
}

/** The task wants binary, and this table cannot: it travels as text, and the run's story says so. */
function insteadOfBinary(forms: readonly TravelForm[], relations: readonly Relation[]): RunEvent[] {
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]))
  return forms.flatMap(({ oid, formatReason }) => {
    const relation = byOid.get(oid)
    if (formatReason === null || relation === undefined || relation.source.columns.length === 0) return []
    const message = `${titleOf(relation)} travels as text, not binary as the task wishes: ${formatReason}`
    return [{ level: 'warning' as const, step: 'PlanCopy', code: 'FORMAT_TEXT_INSTEAD', message }]
  })
}

/** What the digests leave out is said. */
function leftUncompared(forms: readonly TravelForm[], relations: readonly Relation[]): RunEvent[] {
  const titles = new Map(relations.map((relation) => [relation.oid, titleOf(relation)]))
  const named = forms
    .filter((form) => form.notCompared.length > 0)
    .map((form) => `${titles.get(form.oid)} (${form.notCompared.join(', ')})`)
  if (named.length === 0) return []
  const message = `both servers print them differently (floats: before 12; jsonb, hstore and tsvector: in another encoding): of these columns only NULL and not NULL is compared: ${named.join(', ')}`
  return [{ level: 'warning', step: 'PlanCopy', code: 'VALUES_NOT_COMPARED', message }]
}

async function storePlan(destination: Session, run: string, plan: CopyPlan, last: boolean): Promise<void> {
  await inOneFlight(destination, () => [
    keepRun(destination, run),
    storeForms(destination, run, plan.forms),
    storeChunks(destination, run, plan.chunks),
    writeEvents(destination, run, plan.warnings),
    ...(last ? [markPlanned(destination, run, 'copy_planned_at')] : []),
  ])
}

/** The types of the columns of all these relations, by oid. */
export async function readColumnTypes(
  source: Session,
  relations: readonly Pick<Relation, 'oid'>[],
): Promise<Map<number, ColumnType[]>> {
  const oids = relations.map((relation) => relation.oid)
  const rows = await source.rows<Omit<ColumnType, 'held'>>(COLUMN_TYPES, [oids])
  const held = await readHeldTypes(
    source,
    rows.map(({ ground }) => ground),
  )
  const columns = rows.map((row) => ({ ...row, held }))
  return Map.groupBy(columns, (column) => column.relation)
}

/** Bounds by the number of objects: their sizes are known only one by one. */
export async function largeObjectChunks(source: Session, relation: Pick<Relation, 'bytes'>, chunkBytes: number) {
  const count = Math.max(1, Math.ceil(relation.bytes / chunkBytes))
  const bounds = await source.rows<{ first: string }>(
    `SELECT pg_catalog.min(oid::bigint)::text AS first
       FROM (SELECT oid, pg_catalog.ntile($1) OVER (ORDER BY oid) AS part FROM pg_catalog.pg_largeobject_metadata) parts
      GROUP BY part ORDER BY part`,
    [count],
  )
  return cutLargeObjects(bounds.length === 0 ? ['0'] : bounds.map((bound) => bound.first), relation.bytes)
}
