import type { Meeting } from './meetings.ts'
import { type KeyColumn, nameKey, type TableName, type UniqueIndex } from './tables.ts'

/** What keeps rows from coming beside those that stand there (`ignore`). */
export type BesideCode =
  | 'DST_TABLE_KEYLESS'
  | 'DST_TABLE_STRICTER'
  | 'DST_TABLE_DEFERRABLE'
  | 'DST_TABLE_RULES'
  | 'DST_TABLE_TORN'
  | 'DST_TEMPORARY_DENIED'

export interface BesideProblem {
  readonly code: BesideCode
  /** One line for people. */
  readonly text: string
}

/**
 * The key by which a row of the source and one that stands there are the same row: a unique index of the destination, looked at at once and without
 * NULL, whose values are unique on the source too. Pure.
 * @returns the destination's names; null where there is none
 */
export function keyBeside(meeting: Meeting): readonly KeyColumn[] | null {
  for (const index of meeting.there.uniques) {
    if (!index.plain || !index.immediate || !index.notNull || index.exclusion || !isUniqueHere(meeting, index)) continue
    const key = index.columns.flatMap(({ column, equals }) =>
      equals !== null && travels(meeting, column) ? [{ column, equals }] : [],
    )
    if (key.length > 0 && key.length === index.columns.length) return key
  }
  return null
}

/** What keeps rows of the source from coming beside those that stand there, all of it at once. Pure. */
export function besideProblems(meetings: readonly Meeting[]): readonly BesideProblem[] {
  const beside = meetings.filter(({ mode, there }) => mode === 'ignore' && /[rp]/.test(there.kind))
  const of = (code: BesideCode, lines: (meeting: Meeting) => readonly string[]) =>
    beside.flatMap((meeting) =>
      lines(meeting).map((text) => ({ code, text: `${meeting.there.schema}.${meeting.there.name}: ${text}` })),
    )
  const deferrable = of('DST_TABLE_DEFERRABLE', ({ there }) =>
    there.uniques.filter(({ immediate }) => !immediate).map(({ name }) => name),
  )
  const denied = beside.some(({ there }) => !there.temporary)
  return [
    ...of('DST_TABLE_KEYLESS', (meeting) => (keyBeside(meeting) === null ? [whyKeyless(meeting)] : [])),
    ...of('DST_TABLE_STRICTER', (meeting) =>
      meeting.there.uniques.filter((index) => !isUniqueHere(meeting, index)).map(({ name }) => name),
    ),
    ...deferrable,
    ...of('DST_TABLE_RULES', ({ there }) => there.rules),
    ...of('DST_TABLE_TORN', (meeting) => torn(meeting, meetings)),
    ...(denied ? [{ code: 'DST_TEMPORARY_DENIED' as const, text: 'TEMPORARY on the database' }] : []),
  ]
}

function whyKeyless({ there }: Meeting): string {
  return there.uniques.some(({ primary }) => primary)
    ? 'the source has no key of the columns of its primary key, or their values are computed'
    : 'it has no primary key, and no unique index of columns that are NOT NULL, which the source has too'
}

/** Rows that a unique index keeps apart on the source do not keep each other out there. */
function isUniqueHere(meeting: Meeting, index: UniqueIndex): boolean {
  const proven = meeting.source.uniques.filter((own) => own.proven)
  if (!index.plain || !index.exact || index.exclusion) {
    // What it reads must be there as on the source.
    const travel = index.reads.every((column) => !meeting.computed.has(column) && nameThere(meeting, column) === column)
    return (
      travel &&
      proven.some(
        (own) => own.shape === index.shape && own.exclusion === index.exclusion && (index.exact || !own.exact),
      )
    )
  }
  const wanted = new Map(index.columns.map(({ column, equals }) => [column, equals]))
  return proven.some((own) => {
    if (!own.plain || own.exclusion || own.columns.length === 0) return false
    if (index.nullsAlike && !own.nullsAlike && !own.notNull) return false
    return own.columns.every(({ column, equals }) => {
      const there = nameThere(meeting, column)
      return there !== null && !meeting.computed.has(column) && wanted.has(there) && wanted.get(there) === equals
    })
  })
}

/** The destination's name of a column of the source; null: it stays behind. */
function nameThere({ chosen }: Meeting, column: string): string | null {
  return chosen.excluded.includes(column) ? null : (chosen.columns.get(column) ?? column)
}

function travels(meeting: Meeting, there: string): boolean {
  return meeting.source.columns.some(
    ({ name, generated }) => generated === null && !meeting.computed.has(name) && nameThere(meeting, name) === there,
  )
}

/** A partitioned table travels through its root: what becomes of its rows is one thing. */
function torn({ there }: Meeting, meetings: readonly Meeting[]): readonly string[] {
  const isRoot = ({ schema, name }: TableName) =>
    there.root !== null && nameKey({ schema, name }) === nameKey(there.root)
  const isPart = (one: Meeting) => one.there.root !== null && nameKey(one.there.root) === nameKey(there)
  return meetings.flatMap((one) => {
    if (one.mode === 'ignore') return []
    const name = `${one.there.schema}.${one.there.name}`
    if (isPart(one)) return [`its partition ${name} is met otherwise (${one.mode})`]
    return isRoot(one.there) ? [`its partitioned table ${name} is met otherwise (${one.mode})`] : []
  })
}
