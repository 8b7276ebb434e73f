import { artefacts } from '../../core/cloud/artefacts.ts'
import { wholeTask } from '../../core/cloud/database-list.ts'
import { requireStillOpen } from '../../core/cloud/still-open.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { DatabaseIdentity, StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done } from '../../core/runtime/verdict.ts'
import type { Task } from '../../core/task/task.ts'

/** What TakeDatabase is called with. */
export interface TakeDatabaseEvent extends StepEvent {
  /** The database’s place in the task’s list, from 0. */
  readonly place: number
}

/** What the steps of one database go on with. */
export interface TakeDatabaseOutput {
  readonly database: DatabaseIdentity
  /** The task with this database alone: its lists of tables are in the state once, those of others not at all. */
  readonly task: Task
}

/** TakeDatabase: the database that an iteration is for, out of the list that ReadTask has kept. */
export const handler = stepHandler<TakeDatabaseOutput, TakeDatabaseEvent>('TakeDatabase', async (event, step) => {
  const store = artefacts(step.environment)
  await requireStillOpen(store, event.run)
  const task = await wholeTask(store, event)
  const entry = task.databases[event.place]
  if (entry === undefined) {
    throw new SampanError({
      code: 'TASK_LIST_CHANGED',
      message: `the task has no database at place ${event.place} of its list`,
      remedy: 'start the task again: it continues where it was',
    })
  }
  return done({ database: { name: entry.name, as: entry.as }, task: { ...task, databases: [entry] } })
})
