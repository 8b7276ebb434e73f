import type { EventOf, ProgressEvent } from '../../../cli/progress/events.ts'

export const AT = '2026-03-01T03:14:15.000Z'

const COUNTS = {
  objects: 100,
  objectsDone: 40,
  chunks: 10,
  chunksDone: 1,
  rows: 5000,
  bytes: 100_000_000,
  bytesDone: 10_000_000,
  bytesMoving: 0,
  rowsMoving: 0,
  parts: 0,
  partsDone: 0,
  indexes: 8,
  indexesDone: 2,
  bytesPerSecond: 0,
  left: null,
  pace: 1,
  paceReason: null,
  paused: false,
  limits: null,
  followed: null,
  statements: [],
}

/** The time `seconds` after the beginning. */
export function at(seconds: number): string {
  return new Date(Date.parse(AT) + seconds * 1000).toISOString()
}

export function runEvent(databases: readonly string[] = ['shop'], mode = 'migrate'): ProgressEvent {
  return { type: 'run', at: AT, name: 'shop-move', execution: 'shop-move-1', mode, databases }
}

export function stageEvent(
  database: string | null,
  stage: string,
  state: EventOf<'stage'>['state'],
  seconds = 0,
  detail = '',
): ProgressEvent {
  return { type: 'stage', at: at(seconds), database, stage, state, milliseconds: 0, detail }
}

export function countsEvent(fields: Partial<EventOf<'counts'>> = {}, database = 'shop'): ProgressEvent {
  return { type: 'counts', at: AT, database, ...COUNTS, ...fields }
}

export function endEvent(exitStatus: number, error: EventOf<'end'>['error'] = null): ProgressEvent {
  return { type: 'end', at: at(60), exitStatus, error, milliseconds: 60_000, report: '/out/report.json' }
}
