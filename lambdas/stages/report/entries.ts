import { type Comparison, compare } from '../../core/ledger/comparisons.ts'
import type { Difference } from '../../core/ledger/differences.ts'
import { type SequenceAccount, sequenceMatches } from '../../core/ledger/objects/sequences.ts'
import { relationTitle } from '../../core/ledger/relation.ts'
import type { ObjectAccount, StoryPart } from '../../core/ledger/story/story.ts'
import { objectName } from '../../core/structure/object-name.ts'
import type { Task } from '../../core/task/task.ts'
import type { EventReport, ObjectReport, SequenceReport, TableReport } from './model.ts'

/** A part of a database's story in the words of the report. */
export interface Entries {
  readonly tables: readonly TableReport[]
  readonly objects: readonly ObjectReport[]
  readonly sequences: readonly SequenceReport[]
  readonly events: readonly EventReport[]
}

/** Pure. */
export function entriesOf(part: StoryPart, validation: Task['validation']['mode']): Entries {
  const differences = new Map(part.differences.map((difference) => [difference.relation, difference]))
  const computed = new Map(part.computed.map(({ relation, columns }) => [relation, columns]))
  return {
    tables: part.relations.map((relation) => ({
      ...tableReport(relation, validation, differences.get(relation.oid)),
      computed: [...(computed.get(relation.oid) ?? [])],
    })),
    objects: part.objects.map(objectReport),
    sequences: part.sequences.map(sequenceReport),
    events: part.events,
  }
}

function tableReport(
  relation: Comparison,
  validation: Task['validation']['mode'],
  difference: Difference | undefined,
): TableReport {
  const result = compare(relation, validation)
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
    beside: relation.beside ? { ...relation.beside, places: [...relation.beside.places] } : null,
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

function sequenceReport(sequence: SequenceAccount): SequenceReport {
  return {
    name: `${sequence.schema}.${sequence.name}`,
    lastValue: sequence.lastValue,
    isCalled: sequence.isCalled,
    destinationLastValue: sequence.destinationLastValue,
    match: sequence.destinationLastValue === null && sequence.error === null ? null : sequenceMatches(sequence),
    error: sequence.error,
  }
}
