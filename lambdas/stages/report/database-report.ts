import { type Comparison, compare } from '../../core/ledger/comparisons.ts'
import type { Difference } from '../../core/ledger/differences.ts'
import { sequenceMatches } from '../../core/ledger/objects/sequences.ts'
import { LARGE_OBJECTS_TITLE, relationTitle } from '../../core/ledger/relation.ts'
import type { ObjectAccount, RunMarks, RunStory } from '../../core/ledger/story/story.ts'
import type { DatabaseIdentity, DatabaseResult } from '../../core/runtime/event.ts'
import { objectName } from '../../core/structure/object-name.ts'
import type { Task } from '../../core/task/task.ts'
import type { DatabaseReport, ObjectReport, SequenceReport, TableReport } from './model.ts'
import { sideName, taskReport } from './task-report.ts'
import { versionText } from './version-text.ts'

/** What is known of one database when the report is made. */
export interface DatabaseFacts {
  readonly identity: DatabaseIdentity
  /** How its iteration ended; `null` where it did not run. */
  readonly result: DatabaseResult | null
  /** `null` where the ledger has nothing of it, or could not be read. */
  readonly story: RunStory | null
  /** `null` where the destination could not be reached. */
  readonly destination: { readonly serverVersion: number; readonly encoding: string | null } | null
}

/** One database's part of the report; pure. */
export function databaseReport(facts: DatabaseFacts, task: Task): DatabaseReport {
  const { identity, story, result } = facts
  const shown = taskReport(task)
  const differences = new Map((story?.differences ?? []).map((difference) => [difference.relation, difference]))
  const computed = new Map((story?.computed ?? []).map(({ relation, columns }) => [relation, columns]))
  const tables = (story?.relations ?? []).map((relation) => ({
    ...tableReport(relation, task, differences.get(relation.oid)),
    computed: [...(computed.get(relation.oid) ?? [])],
  }))
  const objects = (story?.objects ?? []).map(objectReport)
  const sequences = (story?.sequences ?? []).map(sequenceReport)
  return {
    name: identity.name,
    as: identity.as,
    status: statusOf(facts, task),
    error: result?.error ?? null,
    source: {
      name: sideName(shown.source),
      version: story === null ? null : versionText(story.marks.source.serverVersion),
      encoding: story?.marks.source.encoding ?? null,
    },
    destination: {
      name: sideName(shown.destination),
      version: facts.destination === null ? null : versionText(facts.destination.serverVersion),
      encoding: facts.destination?.encoding ?? null,
    },
    startedAt: story?.marks.startedAt ?? null,
    sealedAt: story?.marks.sealedAt ?? null,
    totals: totals(tables, objects, sequences),
    steps: story === null ? [] : steps(story.marks),
    tables,
    objects,
    sequences,
    events: [...(story?.events ?? [])],
  }
}

function statusOf({ result, story }: DatabaseFacts, task: Task): DatabaseReport['status'] {
  if (result === null) return story === null ? 'not-run' : story.marks.state === 'sealed' ? 'succeeded' : 'failed'
  if (result.verdict === 'failed') return 'failed'
  return task.mode === 'plan' ? 'planned' : 'succeeded'
}

function tableReport(relation: Comparison, task: Task, difference: Difference | undefined): TableReport {
  const result = compare(relation, task.validation.mode)
  const copied = relation.openChunks === 0 && relation.chunks > 0
  return {
    name: relationTitle(relation),
    schema: relation.schema,
    table: relation.name,
    as: nameThere(relation),
    rows: copied && relation.sourceRows !== null ? Number(relation.sourceRows) : null,
    destinationRows: relation.destinationRows === null ? null : Number(relation.destinationRows),
    bytes: relation.copiedBytes ?? relation.bytes,
    sourceDigest: relation.sourceDigest,
    destinationDigest: relation.destinationDigest,
    match: result === 'equal' ? true : result === 'differs' ? false : null,
    chunks: relation.chunks,
    chunksDone: relation.chunks - relation.openChunks,
    attempts: relation.attempts,
    lastError: relation.lastError,
    format: relation.format,
    formatReason: relation.formatReason ?? null,
    copiedAgain: relation.copiedAgain ?? false,
    ranges: relation.kind ?? null,
    cutReason: relation.cutReason ?? null,
    where: relation.where?.trim() ?? null,
    filter: relation.filter ?? null,
    rowsEstimated: relation.rowsEstimated ?? null,
    expressed: [...(relation.expressed ?? [])],
    notCompared: [...(relation.notCompared ?? [])],
    order: relation.order ?? null,
    seconds: relation.milliseconds === null ? null : relation.milliseconds / 1000,
    difference: difference === undefined ? null : withoutRelation(difference),
  }
}

function nameThere({ schema, name, thereSchema = schema, thereName = name }: Comparison): string | null {
  return thereSchema === schema && thereName === name ? null : `${thereSchema}.${thereName}`
}

function withoutRelation({ relation: _, ...difference }: Difference): NonNullable<TableReport['difference']> {
  return { ...difference, places: [...difference.places] }
}

function objectReport(object: ObjectAccount): ObjectReport {
  const { errorCode, errorMessage, blockedBy } = object
  return {
    kind: object.kind,
    schema: object.schema,
    name: objectName(object),
    status: object.status,
    reason: object.reason ?? (blockedBy === null ? null : `needs ${blockedBy}`),
    error: errorCode === null && errorMessage === null ? null : { code: errorCode ?? '', message: errorMessage ?? '' },
    milliseconds: object.milliseconds,
  }
}

function sequenceReport(sequence: RunStory['sequences'][number]): SequenceReport {
  return {
    name: `${sequence.schema}.${sequence.name}`,
    lastValue: sequence.lastValue,
    isCalled: sequence.isCalled,
    destinationLastValue: sequence.destinationLastValue,
    match: sequence.destinationLastValue === null && sequence.error === null ? null : sequenceMatches(sequence),
    error: sequence.error,
  }
}

function totals(
  tables: readonly TableReport[],
  objects: readonly ObjectReport[],
  sequences: readonly SequenceReport[],
): DatabaseReport['totals'] {
  const of = (status: ObjectReport['status']) => objects.filter((object) => object.status === status).length
  return {
    tables: tables.length,
    // The large objects among them are counted by pages, which are no rows.
    rows: tables.reduce((sum, table) => sum + (table.name === LARGE_OBJECTS_TITLE ? 0 : (table.rows ?? 0)), 0),
    bytes: tables.reduce((sum, table) => sum + table.bytes, 0),
    tablesEqual: tables.filter((table) => table.match === true).length,
    tablesDifferent: tables.filter((table) => table.match === false).length,
    objects: objects.length,
    migrated: of('migrated'),
    transformed: of('transformed'),
    skipped: of('skipped'),
    failed: of('failed'),
    blocked: of('blocked'),
    pending: of('pending'),
    sequences: sequences.length,
  }
}

/** A mark may be missing, and lies before another where a step was repeated: such spans are left out. */
function steps(marks: RunMarks): DatabaseReport['steps'] {
  return [
    { name: 'Plan', seconds: marks.planned },
    { name: 'Create objects', seconds: marks.created },
    { name: 'Copy rows', seconds: marks.copied },
    { name: 'Indexes, keys, sequences', seconds: marks.linked },
    { name: 'Compare and seal', seconds: marks.validated },
  ].flatMap(({ name, seconds }) => (seconds === null || seconds < 0 ? [] : [{ name, seconds }]))
}
