import type { Session } from '../../postgres/connect.ts'
import { type Comparison, READ_COMPARISONS } from '../comparisons.ts'
import { type ComputedColumns, readComputedColumns } from '../computed-columns.ts'
import { type Difference, readDifferences } from '../differences.ts'
import { READ_SEQUENCES, type SequenceAccount } from '../objects/sequences.ts'
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

/** A part of what the ledger of one database knows of a run: some of its things, in the ledger's order. */
export interface StoryPart {
  readonly relations: readonly Comparison[]
  readonly objects: readonly ObjectAccount[]
  readonly sequences: readonly SequenceAccount[]
  /** Of the part's relations, as are the computed columns. */
  readonly differences: readonly Difference[]
  readonly computed: readonly ComputedColumns[]
  readonly events: readonly EventAccount[]
}

export interface StoryCounts {
  readonly relations: number
  readonly objects: number
  readonly sequences: number
  readonly events: number
}

/** The story of a run in one snapshot of the ledger; its parts are read one after the other, once. */
export interface RunStory {
  readonly marks: RunMarks
  /** How many of each all parts have together. */
  readonly counts: StoryCounts
  /** Objects come first, then relations, sequences, events. */
  readonly parts: AsyncIterable<StoryPart>
}

/** How many of the last events a story holds. */
const STORY_EVENTS = 200
/** How many things a part has at most: about a megabyte. */
const PART = 1_000

const NOTHING: StoryPart = { relations: [], objects: [], sequences: [], differences: [], computed: [], events: [] }

/**
 * Opens it over a pipelined session, which is busy until all parts are read: of a database of any size only one part is in memory.
 * @returns `null` where the destination has no ledger, or the ledger no such run
 */
export async function openStory(destination: Session, run: string): Promise<RunStory | null> {
  return open(destination, run, async function* () {
    const objects = cursor<ObjectAccount>(destination, 'sampan_objects', objectsQuery('all'), [run])
    const relations = cursor<Comparison>(destination, 'sampan_relations', READ_COMPARISONS, [run])
    const sequences = cursor<SequenceAccount>(destination, 'sampan_sequences', READ_SEQUENCES, [run])
    const events = readEvents(destination, run)
    events.catch(() => {})
    for await (const part of objects) yield { ...NOTHING, objects: part }
    for await (const part of relations) {
      const oids = part.map(({ oid }) => oid)
      const [differences, computed] = await Promise.all([
        readDifferences(destination, run, oids),
        readComputedColumns(destination, run, oids),
      ])
      yield { ...NOTHING, relations: part, differences, computed }
    }
    for await (const part of sequences) yield { ...NOTHING, sequences: part }
    yield { ...NOTHING, events: await events }
  })
}

/** What decides how a run has ended, and nothing else: the objects are those that did not arrive. */
export async function openEnding(destination: Session, run: string): Promise<RunStory | null> {
  return open(destination, run, async function* () {
    const unmade = cursor<ObjectAccount>(destination, 'sampan_unmade', objectsQuery('unmade'), [run])
    for await (const part of unmade) yield { ...NOTHING, objects: part }
  })
}

async function open(
  destination: Session,
  run: string,
  readParts: () => AsyncGenerator<StoryPart>,
): Promise<RunStory | null> {
  const [, , [ledger]] = await Promise.all([
    destination.execute('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'),
    // All rows are read: the plan for the first tenth of them would be another.
    destination.execute('SET LOCAL cursor_tuple_fraction = 1'),
    destination.rows<{ present: boolean }>(`SELECT pg_catalog.to_regclass('sampan.difference') IS NOT NULL AS present`),
  ])
  const end = () => destination.execute('COMMIT')
  if (!ledger?.present) {
    await end()
    return null
  }
  const parts = readParts()
  // Asked for in the same flight as the marks: a server far away is heard three times, not six.
  const first = parts.next()
  first.catch(() => {})
  const [marks, counts] = await Promise.all([readMarks(destination, run), countAll(destination, run)])
  if (marks === null) {
    await first
    await end()
    return null
  }
  return { marks, counts, parts: allParts(first, parts, end) }
}

async function* allParts(
  first: Promise<IteratorResult<StoryPart>>,
  parts: AsyncGenerator<StoryPart>,
  end: () => Promise<void>,
): AsyncGenerator<StoryPart> {
  try {
    for (let next = await first; !next.done; next = await parts.next()) yield next.value
  } finally {
    // Only read: whether the end of the transaction is heard of matters to nobody.
    end().catch(() => {})
  }
}

/** The first part is asked for at once, whoever reads it and when. Parts are never empty. */
function cursor<Row>(
  destination: Session,
  name: string,
  query: string,
  values: readonly unknown[],
): AsyncGenerator<readonly Row[]> {
  const fetch = () => destination.rows<Row>(`FETCH ${PART} FROM ${name}`)
  const first = Promise.all([destination.rows(`DECLARE ${name} NO SCROLL CURSOR FOR ${query}`, values), fetch()])
  // It is thrown where it is waited for.
  first.catch(() => {})
  return (async function* () {
    let [, rows] = await first
    for (;;) {
      if (rows.length > 0) yield rows
      if (rows.length < PART) return
      rows = await fetch()
    }
  })()
}

async function countAll(destination: Session, run: string): Promise<StoryCounts> {
  const of = (table: string) => `(SELECT pg_catalog.count(*) FROM ${table} WHERE run = $1)::int`
  const [row] = await destination.rows<StoryCounts>(
    `SELECT ${of('sampan.relation')} AS relations, ${of('sampan.object')} AS objects, ${of('sampan.sequence')} AS sequences,
            (SELECT pg_catalog.count(*) FROM (SELECT FROM sampan.event WHERE run = $1 LIMIT ${STORY_EVENTS}) last)::int AS events`,
    [run],
  )
  return row ?? { relations: 0, objects: 0, sequences: 0, events: 0 }
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

function objectsQuery(which: 'all' | 'unmade'): string {
  const more = which === 'all' ? '' : `AND o.status IN ('failed', 'blocked')`
  return `SELECT o.kind, o.schema, o.name, o.status, o.reason, o.error_code AS "errorCode", o.error_message AS "errorMessage",
            CASE WHEN b.id IS NOT NULL THEN pg_catalog.concat_ws(' ', b.kind, pg_catalog.concat_ws('.', b.schema, b.name))
            END AS "blockedBy",
            o.milliseconds
       FROM sampan.object o LEFT JOIN sampan.object b ON b.run = o.run AND b.id = o.blocked_by
      WHERE o.run = $1 ${more} ORDER BY o.position, o.id`
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
