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
import { readRowEstimates } from '../../../core/rows/row-estimates.ts'
import type { Task } from '../../../core/task/task.ts'
import { cutLargeObjects, numberChunks } from './chunking.ts'
import type { ColumnType } from './column-form.ts'
import { cutRelations } from './cut.ts'
import { readHeldTypes } from './floats.ts'
import { decideForm, type TravelForm } from './relation-form.ts'
import { formServers } from './servers.ts'

const COLUMN_TYPES = sqlFile(new URL('./sql/column-types.sql', import.meta.url))

/**
 * Decides how every relation travels that has no chunks yet, and cuts it into some: the plan is data in the ledger, written in
 * one transaction.
 * The number of round trips does not depend on the number of tables.
 */
export async function planCopy(source: Session, destination: Session, task: Task, run: string): Promise<void> {
  const [all, planned, servers] = await Promise.all([
    readRelations(destination, run),
    readPlannedChunks(destination, run),
    formServers(source, destination),
  ])
  // A plan that was made anew leaves what it does not touch as it was.
  const relations = all.filter(({ oid }) => !planned.relations.includes(oid))
  const columns = await readColumnTypes(source, relations)
  const wishes = { format: task.format, digests: task.validation.mode === 'full' }
  const forms = relations
    .filter((relation) => !isLargeObjects(relation))
    .map((relation) => decideForm(relation, columns.get(relation.oid) ?? [], servers, wishes))
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
  const plan: CopyPlan = {
    forms: forms.map((form) => ({
      ...form,
      cutReason: cuts.get(form.oid)?.reason ?? '',
      rowsEstimated: roundedRows(rows.get(form.oid)),
    })),
    chunks: numberChunks([...[...cuts.values()].flatMap(({ chunks }) => chunks), ...objects.flat()], planned.lastId),
    warnings: [
      ...(task.format === 'binary' ? forms.flatMap((form) => insteadOfBinary(form, relations)) : []),
      ...leftUncompared(forms, relations),
    ],
  }
  await storePlan(destination, run, plan)
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
function insteadOfBinary(form: TravelForm, relations: readonly Relation[]): RunEvent[] {
  const relation = relations.find(({ oid }) => oid === form.oid)
  if (form.formatReason === null || relation === undefined || relation.source.columns.length === 0) return []
  const message = `${titleOf(relation)} travels as text, not binary as the task wishes: ${form.formatReason}`
  return [{ level: 'warning', step: 'PlanCopy', code: 'FORMAT_TEXT_INSTEAD', message }]
}

/** What the digests leave out is said. */
function leftUncompared(forms: readonly TravelForm[], relations: readonly Relation[]): RunEvent[] {
  const titles = new Map(relations.map((relation) => [relation.oid, titleOf(relation)]))
  const named = forms
    .filter((form) => form.notCompared.length > 0)
    .map((form) => `${titles.get(form.oid)} (${form.notCompared.join(', ')})`)
  if (named.length === 0) return []
  const message = `servers before 12 print floats otherwise: of these columns only NULL and not NULL is compared: ${named.join(', ')}`
  return [{ level: 'warning', step: 'PlanCopy', code: 'VALUES_NOT_COMPARED', message }]
}

async function storePlan(destination: Session, run: string, plan: CopyPlan): Promise<void> {
  await inOneFlight(destination, () => [
    keepRun(destination, run),
    storeForms(destination, run, plan.forms),
    storeChunks(destination, run, plan.chunks),
    writeEvents(destination, run, plan.warnings),
    markPlanned(destination, run, 'copy_planned_at'),
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
