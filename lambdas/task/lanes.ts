import type { Task } from './task.ts'

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
