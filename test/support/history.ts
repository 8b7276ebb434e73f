import type { LocalEvent } from '../../local/interpreter/events.ts'
import { innerScopes, type Scope } from '../../statemachine/asl.ts'

/** One execution of Step Functions: the run's, or that of an iteration of a distributed Map. */
export interface Execution {
  /** The Map; `run` for the outermost. */
  readonly of: string
  readonly lane: number | null
  events: number
}

/** `ExecutionStarted` and `ExecutionSucceeded`. */
const EXECUTION = 2
/**
 * Events beside entered and exited, by type of state. A Task of an optimized integration has TaskScheduled, TaskStarted and TaskSucceeded;
 * a distributed Map MapStateStarted, MapRunStarted, MapRunSucceeded and MapStateSucceeded; a Parallel ParallelStateStarted and
 * ParallelStateSucceeded. https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
const INSIDE: Readonly<Record<string, number>> = { Task: 3, Map: 4, Parallel: 2 }
/** TaskScheduled, TaskStarted, TaskFailed. */
const FAILED_ATTEMPT = 3

/** Counts the events that each execution of a run in one database would have on Step Functions. */
export class Histories {
  readonly all: Execution[] = []
  readonly #owner = new Map<string, string>()
  readonly #current = new Map<string, Execution>()

  constructor(definition: Scope) {
    this.#own(definition, 'run')
    this.#begin('run', null)
  }

  /** To be called with every event of the run. */
  readonly see = (event: LocalEvent): void => {
    const { type, state, stateType, lane } = event
    if (state === null) return
    if (type === 'MapIterationStarted') {
      this.#begin(state, lane)
      return
    }
    const owner = this.#owner.get(state) ?? 'run'
    const execution = this.#current.get(key(owner, lane))
    if (execution === undefined) throw new Error(`${type} ${state}: no execution of ${owner} for lane ${lane}`)
    if (type === 'StateEntered') execution.events += 1
    if (type === 'StateExited') execution.events += 1 + (INSIDE[stateType ?? ''] ?? 0)
    if (type === 'StateRetried' || type === 'StateCaught') execution.events += FAILED_ATTEMPT
  }

  /** The longest history of the executions of a Map, or of all. */
  longest(of?: string): number {
    return Math.max(...this.all.filter((each) => of === undefined || each.of === of).map(({ events }) => events))
  }

  count(of: string): number {
    return this.all.filter((each) => each.of === of).length
  }

  #own(scope: Scope, owner: string): void {
    for (const [name, state] of Object.entries(scope.States)) {
      this.#owner.set(name, owner)
      for (const inner of innerScopes(state)) this.#own(inner, state.Type === 'Map' ? name : owner)
    }
  }

  #begin(of: string, lane: number | null): void {
    const execution = { of, lane, events: EXECUTION }
    this.all.push(execution)
    this.#current.set(key(of, LANES.test(of) ? lane : null), execution)
  }
}

/** Those whose iterations are lanes, and their chapters; a keeper's chapters and the databases are one at a time. */
const LANES = /Lanes?$|^BuildIndexes$/

function key(owner: string, lane: number | null): string {
  return LANES.test(owner) ? `${owner} ${lane}` : owner
}

/** State transitions, which are what AWS bills: every state entered, and every attempt of a Retry. */
export function isTransition({ type }: LocalEvent): boolean {
  return type === 'StateEntered' || type === 'StateRetried'
}
