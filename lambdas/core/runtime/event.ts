import type { Task } from '../task/task.ts'
import type { RetryWindow, StepError } from './verdict.ts'

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

/** The task’s databases, which are a document of the run: thousands of them have no room in the state. */
export interface DatabaseList {
  readonly count: number
  /** SHA-256 of the document, hex. */
  readonly digest: string
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
  /** Its `databases` are empty outside of the Databases map, and the one database inside: see `wholeTask`. */
  readonly task: Task
  /** All databases of the task; missing in executions that began before it was a document. */
  readonly list?: DatabaseList
  /** `null` before OpenAccess has answered. */
  readonly endpoints: Endpoints | null
  /** `null` outside the Databases map. */
  readonly database: DatabaseIdentity | null
  /** The lane's number from 0; of the snapshot's keepers 1 (odd) and 2 (even); `null` elsewhere. */
  readonly lane: number | null
  /** The open retry window of this step, `null` where there is none. */
  readonly window: RetryWindow | null
  /** `spent` of the last answer; missing in executions that began before it was counted. */
  readonly spent?: number
}

/** What a command outside of the workflow asks a server of the task by: both ends are that one. */
export function eventAt(
  server: Endpoint,
  { task, database, execution }: { task: Task; database: DatabaseIdentity | null; execution: string },
): StepEvent {
  const run = { id: task.name, execution }
  return { run, task, endpoints: { source: server, destination: server }, database, lane: null, window: null }
}

/** How one lane ended. */
export interface LaneResult {
  readonly lane: number
  readonly verdict: 'done' | 'yield' | 'failed'
  readonly error: StepError | null
}

/** What SummariseCopy, SummariseIndexes and SummariseValidation are called with: one result per lane, in the lanes' order. */
export interface SummaryEvent extends StepEvent {
  readonly results: readonly LaneResult[]
}

/** How one database ended, as the state has it. Why it failed is a document (cloud/database-errors.ts). */
export interface DatabaseEnd {
  /** Its place in the task’s list, from 0. */
  readonly place: number
  readonly verdict: 'done' | 'failed'
  /** Of its error; `null` where it is done. */
  readonly code: string | null
}

/** How one database ended. */
export interface DatabaseResult {
  /** Its name on the source. */
  readonly database: string
  readonly verdict: 'done' | 'failed'
  readonly error: StepError | null
}

/** What Report is called with. */
export interface ReportEvent extends StepEvent {
  /** The error of the step outside the databases that failed; `null` where none did. */
  readonly failure: StepError | null
  /** True where the precheck refuses the task. */
  readonly refused: boolean
  /** One per database, in the task's order; empty where the run ended before. Complete in executions that began before `DatabaseEnd`. */
  readonly results: readonly (DatabaseEnd | DatabaseResult)[]
  /** Why the report could not be written: only how the run ends is to be decided. */
  readonly unwritten?: StepError | null
}

/** What Report puts into the state: how the execution ends. */
export interface ReportOutput {
  readonly status: 'succeeded' | 'incomplete' | 'failed' | 'refused'
  /** Why, `null` for `succeeded`. */
  readonly error: StepError | null
  /** Why there is no report, which changes nothing in how the run ends; not there where it was written. */
  readonly unwritten?: StepError
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
