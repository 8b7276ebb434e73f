import type { Session } from '../../postgres/connect.ts'
import { type Comparison, readComparisons } from '../comparisons.ts'
import { type ComputedColumns, readComputedColumns } from '../computed-columns.ts'
import { type Difference, readDifferences } from '../differences.ts'
import { readSequenceAccounts, type SequenceAccount } from '../objects/sequences.ts'
import type { SourceIdentity } from '../run.ts'

/** An object of the source and what became of it. */
export interface ObjectAccount {
  readonly kind: string
  readonly schema: string | null
  readonly name: string
  readonly status: 'pending' | 'migrated' | 'transformed' | 'skipped' | 'failed' | 'blocked'
  readonly reason: string | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
  /** What failed and blocked it. */
  readonly blockedBy: string | null
  readonly milliseconds: number | null
}

export interface EventAccount {
  readonly at: string
  readonly level: 'info' | 'warning' | 'error'
  readonly step: string
  readonly lane: number | null
  readonly code: string
  readonly message: string
}

/** The marks of a run's way; times as ISO 8601, spans in seconds, `null` where a mark was not reached. */
export interface RunMarks {
  readonly state: 'open' | 'sealed'
  readonly source: SourceIdentity
  readonly startedAt: string
  readonly sealedAt: string | null
  readonly planned: number | null
  readonly created: number | null
  readonly copied: number | null
  readonly linked: number | null
  readonly validated: number | null
}

/** Everything the ledger of one database knows of a run. */
export interface RunStory {
  readonly marks: RunMarks
  readonly relations: readonly Comparison[]
  readonly objects: readonly ObjectAccount[]
  readonly sequences: readonly SequenceAccount[]
  readonly differences: readonly Difference[]
  readonly computed: readonly ComputedColumns[]
  readonly events: readonly EventAccount[]
}

/** How many of the last events a story holds. */
const STORY_EVENTS = 200

/**
 * Reads it all, in two round trips over a pipelined session.
 * @returns `null` where the destination has no ledger, or the ledger no such run
 */
export async function readStory(destination: Session, run: string): Promise<RunStory | null> {
  const [present] = await destination.rows<{ present: boolean }>(
    `SELECT pg_catalog.to_regclass('sampan.difference') IS NOT NULL AS present`,
  )
  if (!present?.present) return null
  const [marks, relations, objects, sequences, differences, computed, events] = await Promise.all([
    readMarks(destination, run),
    readComparisons(destination, run),
    readObjects(destination, run),
    readSequenceAccounts(destination, run),
    readDifferences(destination, run),
    readComputedColumns(destination, run),
    readEvents(destination, run),
  ])
  return marks === null ? null : { marks, relations, objects, sequences, differences, computed, events }
}

/** What decides how a run has ended, and nothing that grows with it: the objects are those that did not arrive. */
export async function readEnding(destination: Session, run: string): Promise<RunStory | null> {
  const [present] = await destination.rows<{ present: boolean }>(
    `SELECT pg_catalog.to_regclass('sampan.difference') IS NOT NULL AS present`,
  )
  if (!present?.present) return null
  const [marks, objects] = await Promise.all([readMarks(destination, run), readObjects(destination, run, 'unmade')])
  if (marks === null) return null
  return { marks, objects, relations: [], sequences: [], differences: [], computed: [], events: [] }
}

async function readMarks(destination: Session, run: string): Promise<RunMarks | null> {
  const [row] = await destination.rows<RunMarks>(
    `SELECT r.state, r.source, ${isoTime('r.started_at')} AS "startedAt", ${isoTime('r.sealed_at')} AS "sealedAt",
            ${span('r.started_at', 'r.copy_planned_at')} AS planned,
            ${span('r.copy_planned_at', 'c.first')} AS created,
            ${span('c.first', 'r.copied_at')} AS copied,
            ${span('r.copied_at', 'r.validation_planned_at')} AS linked,
            ${span('r.validation_planned_at', 'r.sealed_at')} AS validated
       FROM sampan.run r, (SELECT min(finished_at - milliseconds * interval '1 millisecond') AS first
                             FROM sampan.chunk WHERE run = $1) c
      WHERE r.id = $1`,
    [run],
  )
  return row ?? null
}

async function readObjects(
  destination: Session,
  run: string,
  which: 'all' | 'unmade' = 'all',
): Promise<ObjectAccount[]> {
  const more = which === 'all' ? '' : `AND o.status IN ('failed', 'blocked')`
  return destination.rows<ObjectAccount>(
    `SELECT o.kind, o.schema, o.name, o.status, o.reason, o.error_code AS "errorCode", o.error_message AS "errorMessage",
            CASE WHEN b.id IS NOT NULL THEN pg_catalog.concat_ws(' ', b.kind, pg_catalog.concat_ws('.', b.schema, b.name))
            END AS "blockedBy",
            o.milliseconds
       FROM sampan.object o LEFT JOIN sampan.object b ON b.run = o.run AND b.id = o.blocked_by
      WHERE o.run = $1 ${more} ORDER BY o.position, o.id`,
    [run],
  )
}

async function readEvents(destination: Session, run: string): Promise<EventAccount[]> {
  return destination.rows<EventAccount>(
    `SELECT last.at, last.level, last.step, last.lane, last.code, last.message
       FROM (SELECT ${isoTime('at')} AS at, level, step, lane, code, message, number FROM sampan.event
              WHERE run = $1 ORDER BY number DESC LIMIT ${STORY_EVENTS}) last
      ORDER BY last.number`,
    [run],
  )
}

/** ISO 8601 in UTC, which every session's TimeZone is. */
function isoTime(column: string): string {
  return `pg_catalog.to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

function span(from: string, to: string): string {
  return `EXTRACT(epoch FROM ${to} - ${from})::float8`
}
