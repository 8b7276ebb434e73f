import type { RunMarks, StoryPart } from '../../core/ledger/story/story.ts'
import type { DatabaseIdentity, DatabaseResult } from '../../core/runtime/event.ts'
import type { Task } from '../../core/task/task.ts'
import { type Entries, entriesOf } from './entries.ts'
import type { DatabaseReport, EventReport, ObjectReport, SequenceReport, TableReport, TaskReport } from './model.ts'
import { Most } from './most.ts'
import { isLeftOut, isNotValid, isUnmade } from './object-kinds.ts'
import type { Listed, Room } from './room.ts'
import { sideName } from './task-report.ts'
import { isUnfinished, Tally } from './totals.ts'
import { versionText } from './version-text.ts'

/** What is known of one database when the report is made, but for what its ledger lists. */
export interface DatabaseFacts {
  readonly identity: DatabaseIdentity
  /** How its iteration ended; `null` where it did not run. */
  readonly result: DatabaseResult | null
  /** Its ledger could not be read. */
  readonly isUnread: boolean
  /** `null` where the ledger has nothing of it, or could not be read. */
  readonly marks: RunMarks | null
  /** `null` where the destination could not be reached. */
  readonly destination: { readonly serverVersion: number; readonly encoding: string | null } | null
  /** The document with all that the ledger lists; `null` where the report has it. */
  readonly details: string | null
}

/** What all databases of a report have in common. */
export interface Common {
  readonly mode: Task['mode']
  readonly validation: Task['validation']['mode']
  readonly sides: Pick<TaskReport, 'source' | 'destination'>
  readonly room: Room
}

/** One database's part of the report: everything is counted, and what is to be seen first is kept. */
export class DatabaseTeller {
  readonly #common: Common
  readonly #tally = new Tally()
  readonly #tables: Most<TableReport>
  readonly #objects: Most<ObjectReport>
  readonly #sequences: Most<SequenceReport>
  readonly #events: EventReport[] = []

  constructor(common: Common) {
    this.#common = common
    const { room } = common
    this.#tables = new Most(
      room.most('tables'),
      (one, other) => rankOfTable(one) - rankOfTable(other) || other.bytes - one.bytes,
    )
    this.#objects = new Most(room.most('objects'), (one, other) => rankOfObject(one) - rankOfObject(other))
    this.#sequences = new Most(room.most('sequences'), (one, other) => rankOfSequence(one) - rankOfSequence(other))
  }

  /** Takes a part of its story. @returns the part in the words of the report */
  add(part: StoryPart): Entries {
    const entries = entriesOf(part, this.#common.validation)
    this.#tally.add(entries)
    for (const table of entries.tables) this.#tables.add(table)
    for (const object of entries.objects) this.#objects.add(object)
    for (const sequence of entries.sequences) this.#sequences.add(sequence)
    this.#events.push(...entries.events)
    return entries
  }

  /** Once, when all parts were taken. */
  report(facts: DatabaseFacts): DatabaseReport {
    const { identity, marks, result, destination, details } = facts
    const { totals } = this.#tally
    const { sides } = this.#common
    return {
      name: identity.name,
      as: identity.as,
      status: statusOf(facts, this.#common.mode),
      error: result?.error ?? null,
      source: {
        name: sideName(sides.source),
        version: marks === null ? null : versionText(marks.source.serverVersion),
        encoding: marks?.source.encoding ?? null,
      },
      destination: {
        name: sideName(sides.destination),
        version: destination === null ? null : versionText(destination.serverVersion),
        encoding: destination?.encoding ?? null,
      },
      startedAt: marks?.startedAt ?? null,
      sealedAt: marks?.sealedAt ?? null,
      totals,
      steps: marks === null ? [] : steps(marks),
      details,
      tables: this.#tables.best(this.#take('tables', totals.tablesDifferent + totals.tablesUnfinished)),
      objects: this.#objects.best(this.#take('objects', totals.objects - totals.migrated - totals.transformed)),
      sequences: this.#sequences.best(this.#take('sequences', totals.sequences - totals.sequencesEqual)),
      events: this.#lastEvents(),
    }
  }

  #take(of: Listed, urgent: number): number {
    return this.#common.room.take(of, urgent)
  }

  /** Warnings and errors before what only tells. */
  #lastEvents(): EventReport[] {
    const urgent = this.#events.filter(isUrgent).length
    const events = new Most<EventReport>(
      this.#common.room.most('events'),
      (one, other) => Number(isUrgent(other)) - Number(isUrgent(one)),
    )
    // Of equal ones the earlier is kept, and here the last ones are wanted.
    for (const event of this.#events.toReversed()) events.add(event)
    return events.best(this.#take('events', urgent)).toReversed()
  }
}

function statusOf({ result, marks, isUnread }: DatabaseFacts, mode: Task['mode']): DatabaseReport['status'] {
  if (result === null) return marks === null ? 'not-run' : marks.state === 'sealed' ? 'succeeded' : 'failed'
  if (result.verdict === 'failed') return 'failed'
  if (mode === 'plan') return 'planned'
  return isUnread ? 'failed' : 'succeeded'
}

function rankOfTable(table: TableReport): number {
  return table.match === false ? 0 : isUnfinished(table) ? 1 : 2
}

function rankOfObject(object: ObjectReport): number {
  if (isUnmade(object)) return object.status === 'failed' ? 0 : 1
  if (isNotValid(object)) return 2
  if (isLeftOut(object)) return 3
  return { failed: 0, blocked: 1, pending: 4, skipped: 5, transformed: 6, migrated: 7 }[object.status]
}

function rankOfSequence({ match }: SequenceReport): number {
  return match === false ? 0 : match === null ? 1 : 2
}

function isUrgent({ level }: EventReport): boolean {
  return level !== 'info'
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
