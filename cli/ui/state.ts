import type { EventOf, ProgressEvent } from '../progress/events.ts'
import { type Sample, takeSample } from './samples.ts'

export type StageTold = EventOf<'stage'>
export type RetryTold = EventOf<'retry'>

/** A part of the run that stages belong to: a database, or the run itself. */
export interface PartState {
  readonly stages: ReadonlyMap<string, StageTold>
  /** By stage: attempts that are waited for. */
  readonly retries: ReadonlyMap<string, RetryTold>
}

export interface DatabaseState extends PartState {
  readonly name: string
  readonly counts: EventOf<'counts'> | null
  /** What was there already when it was counted first: a run that goes on has not moved it now. */
  readonly before: { readonly bytes: number; readonly rows: number }
  readonly tables: EventOf<'tables'>['tables']
  readonly lanes: EventOf<'lanes'>['lanes']
}

/** A line of what was noticed. */
export interface Notice {
  readonly at: string
  readonly database: string | null
  readonly text: string
  readonly remedy: string | null
}

/** All that the page knows of a run: what its events come to. */
export interface PageState {
  readonly run: EventOf<'run'> | null
  readonly whole: PartState
  readonly databases: ReadonlyMap<string, DatabaseState>
  /** The latest ones, the last one first. */
  readonly notices: readonly Notice[]
  readonly retries: number
  /** What was moved, by time. */
  readonly samples: readonly Sample[]
  readonly end: EventOf<'end'> | null
}

const NO_STAGES: PartState = { stages: new Map(), retries: new Map() }
const MOST_NOTICES = 12

export const NOTHING: PageState = {
  run: null,
  whole: NO_STAGES,
  databases: new Map(),
  notices: [],
  retries: 0,
  samples: [],
  end: null,
}

/** What the page knows after one more event. Pure. */
export function reduce(state: PageState, event: ProgressEvent): PageState {
  switch (event.type) {
    case 'run':
      return { ...NOTHING, run: event, databases: new Map(event.databases.map((name) => [name, newDatabase(name)])) }
    case 'stage':
      return inPart(state, event.database, (part) => ({
        stages: withEntry(part.stages, event.stage, event),
        retries: withoutEntry(part.retries, event.stage),
      }))
    case 'retry': {
      const { at, database, code, message, remedy } = event
      const told = withNotice(state, { at, database, text: `${code}: ${message}`, remedy })
      const counted = { ...told, retries: state.retries + 1 }
      return inPart(counted, database, (part) => ({ ...part, retries: withEntry(part.retries, event.stage, event) }))
    }
    case 'recovered':
      return inPart(state, event.database, (part) => ({
        ...part,
        retries: withoutEntry(part.retries, event.stage),
      }))
    case 'warning':
      return withNotice(state, { at: event.at, database: event.database, text: event.text, remedy: null })
    case 'counts':
      return inDatabase(state, event.database, (database) => ({
        ...database,
        counts: event,
        before: database.counts === null ? movedOf(event) : database.before,
      }))
    case 'tables':
      return inDatabase(state, event.database, (database) => ({ ...database, tables: event.tables }))
    case 'lanes':
      return inDatabase(state, event.database, (database) => ({ ...database, lanes: event.lanes }))
    case 'end':
      return { ...state, end: event }
  }
}

/** A point of the plot, with all that was moved until now. Pure. @param at milliseconds since 1970 */
export function sampled(state: PageState, at: number): PageState {
  if (state.run === null || state.end !== null) return state
  return { ...state, samples: takeSample(state.samples, { at, ...movedBy(state) }) }
}

/** What this start of the run has moved so far. */
export function movedBy({ databases }: PageState): { readonly bytes: number; readonly rows: number } {
  let [bytes, rows] = [0, 0]
  for (const { counts, before } of databases.values()) {
    if (counts === null) continue
    const moved = movedOf(counts)
    bytes += moved.bytes - before.bytes
    rows += moved.rows - before.rows
  }
  return { bytes, rows }
}

function movedOf(counts: EventOf<'counts'>): { readonly bytes: number; readonly rows: number } {
  return { bytes: counts.bytesDone + counts.bytesMoving, rows: counts.rows + counts.rowsMoving }
}

function newDatabase(name: string): DatabaseState {
  return { ...NO_STAGES, name, counts: null, before: { bytes: 0, rows: 0 }, tables: [], lanes: [] }
}

function inPart(state: PageState, database: string | null, change: (part: PartState) => PartState): PageState {
  if (database === null) return { ...state, whole: change(state.whole) }
  return inDatabase(state, database, (found) => ({ ...found, ...change(found) }))
}

function inDatabase(state: PageState, name: string, change: (found: DatabaseState) => DatabaseState): PageState {
  const found = state.databases.get(name) ?? newDatabase(name)
  return { ...state, databases: withEntry(state.databases, name, change(found)) }
}

function withNotice(state: PageState, notice: Notice): PageState {
  // The same thing tried again is told once, with its latest time.
  const others = state.notices.filter(({ database, text }) => database !== notice.database || text !== notice.text)
  return { ...state, notices: [notice, ...others].slice(0, MOST_NOTICES) }
}

function withEntry<Value>(map: ReadonlyMap<string, Value>, key: string, value: Value): ReadonlyMap<string, Value> {
  return new Map(map).set(key, value)
}

function withoutEntry<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  if (!map.has(key)) return map
  const rest = new Map(map)
  rest.delete(key)
  return rest
}
