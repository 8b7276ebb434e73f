import { isRecord } from './rule.ts'

/** An execution's input: the task, and what started it where that may be delivered more than once. */
export interface Start {
  /** The same for each delivery of one event or one time of a schedule; null: nothing delivers this start twice. */
  readonly event: string | null
  /** Not checked yet. */
  readonly task: unknown
}

/**
 * The task within an execution's input: the input itself, or `{event, task}` as EventBridge and its schedules deliver it. A task has
 * neither of the two fields.
 */
export function startOf(input: unknown): Start {
  if (!isRecord(input) || typeof input.event !== 'string' || !('task' in input) || Object.keys(input).length > 2)
    return { event: null, task: input }
  return { event: input.event, task: input.task }
}
