import type { Task } from '../task/task.ts'
import type { RetryWindow } from './verdict.ts'

/** Which run a step works for. */
export interface RunIdentity {
  /** The run: the task's name. The same task started again is the same run and continues where it was. */
  readonly id: string
  /** The execution, one start of the run: `$$.Execution.Name`. Tags and whitelist groups carry it. */
  readonly execution: string
}

/** One database of the task, as the Map state hands it to its iteration. */
export interface DatabaseIdentity {
  /** Name on the source. */
  readonly name: string
  /** Name on the destination. */
  readonly as: string
}

/** Where the two servers answer, found by OpenAccess from instance ids, or taken from the task as given. */
export interface Endpoints {
  readonly source: Endpoint
  readonly destination: Endpoint
}

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** What every step is called with. The same shape for all, so that the state machine composes it once. */
export interface StepEvent {
  readonly run: RunIdentity
  readonly task: Task
  /** `null` before OpenAccess has answered. */
  readonly endpoints: Endpoints | null
  /** `null` outside the Databases map. */
  readonly database: DatabaseIdentity | null
  /** The lane's number from 0, `null` outside a Map of lanes. */
  readonly lane: number | null
  /** The open retry window of this step, `null` where there is none. */
  readonly window: RetryWindow | null
}

/** What a handler may use of the Lambda context, there and on one machine alike. */
export interface StepContext {
  readonly awsRequestId: string
  getRemainingTimeInMillis(): number
  /**
   * Fires when this call must stop: on one machine at TimeoutSeconds or when the user stops the run. Lambda has none; the
   * handler wrapper makes one from the remaining time.
   */
  readonly signal?: AbortSignal
}
