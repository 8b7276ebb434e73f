/**
 * An event of the execution, for a progress display: only what identifies and what happened. The interpreter's own events
 * repeat the whole input of every Map, and overwrite a nested iteration's index with the outer one's; so databases and lanes
 * are told apart by our own names for them.
 */
export interface LocalEvent {
  readonly type: LocalEventType
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** The state, or the Map or Parallel whose iteration or branch it is; `null` for events of the execution. */
  readonly state: string | null
  readonly stateType: string | null
  /** Its name on the source. */
  readonly database: string | null
  readonly lane: number | null
  /** What the step answered: only on StateExited of a Task. */
  readonly verdict: string | null
  /** Seconds until the step is called again, with the verdict `retry`. */
  readonly pause: number | null
  /** Code and message, where something failed or a step answered with an error. */
  readonly error: { readonly code: string; readonly message: string } | null
}

export type LocalEventType =
  | `Execution${'Started' | 'Succeeded' | 'Failed' | 'Aborted' | 'Timeout'}`
  | `MapIteration${'Started' | 'Succeeded' | 'Failed'}`
  | `ParallelBranch${'Started' | 'Succeeded' | 'Failed'}`
  | `State${'Entered' | 'Exited' | 'Failed' | 'Retried' | 'Caught'}`

type Fields = Readonly<Record<string, unknown>>

/** Strips an event of the interpreter. */
export function toLocalEvent(raw: object): LocalEvent {
  const event = raw as Fields
  const state = fields(event.state) ?? fields(event.parentState)
  // The beginning of an iteration or branch carries its input on the event itself.
  const input = fields(state?.input) ?? fields(event.input)
  const about = event.parentState === undefined ? input : (fields(event.input) ?? input)
  const exited = event.type === 'StateExited' && state?.type === 'Task'
  const step = exited ? fields(fields(state?.output)?.step) : undefined
  return {
    type: event.type as LocalEventType,
    timestamp: Number(event.timestamp),
    state: text(state?.name),
    stateType: text(state?.type),
    database: text(fields(about?.database)?.name),
    lane: typeof about?.lane === 'number' ? about.lane : null,
    verdict: text(step?.verdict),
    pause: step?.verdict === 'retry' ? Number(step.pause) : null,
    error: errorOf(event, step),
  }
}

function errorOf(event: Fields, step: Fields | undefined): LocalEvent['error'] {
  const error = fields(step?.error)
  if (error !== undefined) return { code: String(error.code), message: String(error.message) }
  if (event.Error === undefined) return null
  const cause = event.Cause instanceof Error ? event.Cause : undefined
  return cause === undefined
    ? { code: String(event.Error), message: String(event.Cause) }
    : { code: cause.name, message: cause.message }
}

function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
