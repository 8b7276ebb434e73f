import type { PlannedObject, PlannedRelation } from '../../lambdas/core/ledger/objects/planned.ts'
import { isLargeObjects, type Relation } from '../../lambdas/core/ledger/relation.ts'
import { isNothing, type Renames } from '../../lambdas/core/names/renames.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import type { SearchPath } from '../../lambdas/core/postgres/search-path.ts'
import { readSearchPath } from '../../lambdas/core/postgres/source-path.ts'
import type { RowRange } from '../../lambdas/core/rows/range.ts'
import type { Environment } from '../../lambdas/core/runtime/environment.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { nameWishes } from '../../lambdas/core/task/table-options.ts'
import { countChunks, cutByKey } from '../../lambdas/stages/copy/plan/chunking.ts'
import { printsDifferently } from '../../lambdas/stages/copy/plan/column-form.ts'
import { cutKey, readKeys } from '../../lambdas/stages/copy/plan/key-bounds.ts'
import { largeObjectChunks, readColumnTypes } from '../../lambdas/stages/copy/plan/plan-copy.ts'
import { decideForm } from '../../lambdas/stages/copy/plan/relation-form.ts'
import { formServers } from '../../lambdas/stages/copy/plan/servers.ts'
import { dumpObjects } from '../../lambdas/stages/schema/pgdump/dump-objects.ts'
import { largeObjects } from '../../lambdas/stages/schema/plan/copied-relations.ts'
import { planObjects } from '../../lambdas/stages/schema/plan/plan.ts'
import { readPlanInput, taskDatabase } from '../../lambdas/stages/schema/plan/plan-input.ts'
import { readNewNames, renamesOf } from '../../lambdas/stages/schema/plan/under-new-names.ts'
import { requireValidChanges } from '../../lambdas/stages/schema/plan/valid-changes.ts'
import type { TocEntry } from '../../lambdas/stages/schema/toc/entry.ts'
import type { Ends } from './ends.ts'
import { isAskedFor, type Question } from './question.ts'

/** What is compared of one database. */
export interface Scope {
  /** What pg_dump says of the source. */
  readonly entries: readonly TocEntry[]
  readonly objects: readonly PlannedObject[]
  readonly relations: readonly Relation[]
  /** Source oids of tables whose digest says nothing of some column: the two servers print its values otherwise. */
  readonly partly: ReadonlySet<number>
  /** What is called otherwise on the destination; `null`: nothing. */
  readonly renames: Renames | null
  readonly searchPath: SearchPath
  /** The task takes the whole database: whatever else stands on the destination is surplus. */
  readonly everything: boolean
}

/**
 * What there is to compare: what a run of the task would migrate, as the source is now. It is planned as PlanObjects and PlanCopy do,
 * and nothing of it is written: no ledger is needed, and one that stands there is not asked.
 */
export async function readScope(
  event: StepEvent,
  environment: Environment,
  ends: Ends,
  question: Question,
  signal: AbortSignal,
): Promise<Scope> {
  const { source, destination } = ends
  const { database, task } = event
  if (database === null) throw new TypeError('no database')
  const { archive } = await dumpObjects(event, { environment, signal, timeout: () => DUMP_MILLISECONDS })
  const input = await readPlanInput(event, environment, database, archive, ends)
  const planned = planObjects(input)
  const names = await readNewNames(source, nameWishes(taskDatabase(event, database)))
  const named = names === null ? null : renamesOf(names, planned)
  const renames = named === null || isNothing(named) ? null : named
  const searchPath = await readSearchPath(source)
  if (input.changes !== undefined)
    await requireValidChanges(source, input.changes, planned, searchPath, destination.serverVersion)
  const everything = input.include.every((pattern) => pattern === '*.*')
  const whole = question.tables.length === 0 && everything
  const large = whole && !planned.relations.some(isLargeObjects) && !input.exclude.some(isOfLargeObjects)
  // What only the destination has shows where the source is asked for it, too.
  const all = large ? [...planned.relations, largeObjects(0)] : planned.relations
  const chosen = all.filter((relation) => isAskedFor(question, relation))
  if (chosen.length === 0 && question.tables.length > 0) throw nothingAsked(database.name)
  const types = await readColumnTypes(source, chosen)
  const servers = await formServers(source, destination)
  const wishes = { format: task.format, digests: question.mode === 'full' }
  const relations = chosen.map((one) => {
    const relation = relationOf(one, renames)
    return isLargeObjects(relation)
      ? relation
      : withDigest(relation, decideForm(relation, types.get(one.oid) ?? [], servers, wishes))
  })
  const partly = new Set(
    relations.flatMap(({ oid, source: { columns } }) => {
      const own = (types.get(oid) ?? []).filter(({ name }) => columns.includes(name))
      return own.some((type) => printsDifferently(type, servers)) ? [oid] : []
    }),
  )
  const dropped = renames === null ? [] : await sequencesOfExcluded(source, renames)
  const objects = planned.objects.filter(({ kind, oid }) => !(kind.startsWith('SEQUENCE') && dropped.includes(oid)))
  return { entries: input.entries, objects, renames, relations, partly, searchPath, everything }
}

/** A column that stays behind takes its sequences along. @returns their oids on the source */
async function sequencesOfExcluded(source: Session, { relations }: Renames): Promise<readonly number[]> {
  const excluded = [...relations.values()].flatMap((one) => one.excluded.map((column) => [one.oid, column]))
  if (excluded.length === 0) return []
  const rows = await source.rows<{ oid: number }>(SEQUENCES_OF, [JSON.stringify(excluded)])
  return rows.map(({ oid }) => oid)
}

const SEQUENCES_OF = `
  SELECT s.oid
    FROM pg_catalog.jsonb_array_elements($1::jsonb) AS w(pair)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = (w.pair ->> 0)::pg_catalog.oid AND a.attname = w.pair ->> 1
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = a.attrelid
     AND d.refobjsubid = a.attnum AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
    JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'`

function isOfLargeObjects(excluded: string | { readonly kind: string }): boolean {
  return typeof excluded !== 'string' && excluded.kind === 'LARGE OBJECTS'
}

const DUMP_MILLISECONDS = 600_000

/** A planned relation as the ledger would give it back. Pure. */
function relationOf(planned: PlannedRelation, renames: Renames | null): Relation {
  const { oid, schema, name, hasKey, bytes, pages, where = null, tree = false, filtered = false } = planned
  const renamed = renames?.relations.get(oid)
  const excluded = renamed?.excluded ?? []
  const comes = (_: string | null, at: number) => !excluded.includes(planned.columns[at] ?? '')
  const [columns, types] = [planned.columns.filter(comes), planned.types.filter(comes)]
  const expressions = planned.expressions?.filter(comes) ?? []
  const end = { schema, name, columns, digestSql: null, tree }
  const there = renamed && { ...renamed.to, columns: columns.map((column) => renamed.columns.get(column) ?? column) }
  return {
    ...{ oid, excluded, types, hasKey, bytes, pages, format: 'text', behind: planned.behind ?? [] },
    source: { side: 'source', ...end, where, expressions },
    // A filter of the task is the source's alone.
    destination: { side: 'destination', ...end, ...there, where: filtered ? null : where },
  }
}

function withDigest(relation: Relation, form: ReturnType<typeof decideForm>): Relation {
  return {
    ...relation,
    format: form.format,
    source: { ...relation.source, digestSql: form.digestSql },
    destination: { ...relation.destination, digestSql: form.there?.digestSql ?? form.digestSql },
  }
}

/** A table of the destination as it stands. */
export interface Standing {
  /** Column names; `null` where there is no such table. */
  readonly columns: readonly string[] | null
  /** Of its primary key, in order; empty where it has none. */
  readonly key: readonly string[]
  /** The account may read it. */
  readonly readable: boolean
}

/** How the relations stand on the destination, in their order: one question. */
export async function readStanding(destination: Session, relations: readonly Relation[]): Promise<readonly Standing[]> {
  const names = relations.map((relation) => [relation.destination.schema, relation.destination.name])
  return destination.rows<Standing>(STANDING, [JSON.stringify(names)])
}

const STANDING = `
  SELECT CASE WHEN c.oid IS NOT NULL THEN ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) END AS columns,
         COALESCE((SELECT pg_catalog.array_agg(a.attname::text ORDER BY u.ordinality)
            FROM pg_catalog.pg_index i
           CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(i.indkey), pg_catalog.unnest(i.indclass)) WITH ORDINALITY AS u(attnum, class, ordinality)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
           WHERE i.indrelid = c.oid AND i.indisprimary AND i.indisvalid AND u.class IS NOT NULL), '{}') AS key,
         c.oid IS NOT NULL AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
           AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT')) AS readable
    FROM pg_catalog.jsonb_array_elements($1::jsonb) WITH ORDINALITY AS w(pair, number)
    LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.pair ->> 0
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.pair ->> 1 AND c.relkind IN ('r', 'p')
   ORDER BY w.number`

const WHOLE: RowRange = { kind: 'whole', lower: null, upper: null, keyColumn: null }

/**
 * The ranges that a table is read in, each in one snapshot of each side: ranges of its primary key where both ends have the same and
 * order it alike, whatever the collation; else all of it at once.
 */
export async function rangesOf(
  source: Session,
  relations: readonly { readonly relation: Relation; readonly standing: Standing }[],
  rangeBytes: number,
): Promise<ReadonlyMap<number, readonly RowRange[]>> {
  const large = relations.filter(({ relation }) => {
    return !isLargeObjects(relation) && !relation.source.tree && countChunks(relation, rangeBytes) > 1
  })
  const keys = await readKeys(
    source,
    large.map(({ relation }) => relation.oid),
  )
  const ranges = new Map<number, readonly RowRange[]>()
  for (const { relation } of relations) ranges.set(relation.oid, [WHOLE])
  for (const { relation, standing } of large) {
    const key = keys.get(relation.oid)
    if (key === undefined || !isSameKey(relation, key.names, standing.key)) continue
    const cut = await cutKey(source, relation, key, countChunks(relation, rangeBytes))
    if (cut.bounds.length > 0) ranges.set(relation.oid, cutByKey(relation, cut).map(toRange))
  }
  for (const { relation } of relations.filter(({ relation: one }) => isLargeObjects(one))) {
    ranges.set(relation.oid, (await largeObjectChunks(source, relation, rangeBytes)).map(toRange))
  }
  return ranges
}

/** Text is left out: its order is the collation's, which both databases may have otherwise. */
function isSameKey(
  { source, destination, types }: Relation,
  names: readonly string[],
  there: readonly string[],
): boolean {
  const places = names.map((name) => source.columns.indexOf(name))
  // What the task computes is ordered otherwise there.
  if (places.some((place) => (source.expressions[place] ?? null) !== null)) return false
  if (places.some((place) => /^(text|character varying)/.test(types[place] ?? 'text'))) return false
  const mapped = places.map((place) => destination.columns[place])
  return mapped.length === there.length && mapped.every((name, at) => name === there[at])
}

function toRange({ kind, lower, upper, keyColumn }: RowRange): RowRange {
  return { kind, lower, upper, keyColumn }
}

function nothingAsked(database: string): SampanError {
  return new SampanError({
    code: 'COMPARE_NO_TABLE',
    message: `no table of ${database} that the task migrates is named by --table`,
    remedy: 'write the names as on the source, schema.table, with * and ? as in "include"; upper and lower case count',
  })
}
