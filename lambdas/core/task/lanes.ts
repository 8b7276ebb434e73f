import type { StepEvent } from '../runtime/event.ts'
import type { Task } from './task.ts'

/** The workflow takes so many databases at once (statemachine/migration.ts; a test compares). */
export const DATABASES_AT_ONCE = 4

/** How many databases of the task are under way at once at most. */
export function databasesAtOnce({ task, list }: Pick<StepEvent, 'task' | 'list'>): number {
  return Math.min(list?.count ?? task.databases.length, DATABASES_AT_ONCE)
}

/** Each database has two keepers of the snapshot at work beside its lanes. */
const KEEPERS = 2

/**
 * How many functions the task has at work at once at most: the lanes of the copy, of indexes beside it, and the keepers, of each
 * database that is under way.
 */
export function functionsAtOnce(task: Pick<Task, 'lanes' | 'mostLanes' | 'databases'>): number {
  const { most, beside } = laneNumbers(task)
  return Math.min(task.databases.length, DATABASES_AT_ONCE) * (most + beside + KEEPERS)
}

/** How many lanes each database may have so that no more functions than this are at work; 0 where not even one fits. */
export function lanesWithin(task: Pick<Task, 'lanes' | 'mostLanes' | 'databases'>, functions: number): number {
  const fits = (lanes: number) =>
    functionsAtOnce({
      ...task,
      ...(task.lanes === 'auto' ? { mostLanes: lanes } : { lanes }),
    }) <= functions
  const { most } = laneNumbers(task)
  return Array.from({ length: most }, (_, index) => most - index).find(fits) ?? 0
}

/** How many lanes a task has, of each kind. */
export interface LaneNumbers {
  /** Lanes that copy from the beginning. */
  readonly first: number
  /** Lanes that may copy at most. */
  readonly most: number
  /** Lanes that build indexes, and lanes that compare. */
  readonly beside: number
}

/** The first measurement is of two streams: one alone says nothing about what a second one would add. */
const FIRST_COUNTED = 2
/** What the task has by default: building and comparing are the servers' work, whatever the way between them bears. */
const BESIDE_COUNTED = 4

export function laneNumbers({ lanes, mostLanes }: Pick<Task, 'lanes' | 'mostLanes'>): LaneNumbers {
  if (lanes !== 'auto') return { first: lanes, most: lanes, beside: lanes }
  return {
    first: Math.min(FIRST_COUNTED, mostLanes),
    most: mostLanes,
    beside: Math.min(BESIDE_COUNTED, mostLanes),
  }
}
