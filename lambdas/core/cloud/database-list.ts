import { createHash } from 'node:crypto'
import { SampanError } from '../runtime/errors.ts'
import type { DatabaseList, RunIdentity, StepEvent } from '../runtime/event.ts'
import type { Task } from '../task/task.ts'
import { type ArtefactStore, artefactKey } from './artefacts.ts'

type Databases = Task['databases']

const keyOf = (run: RunIdentity) => artefactKey(run, 'databases.json')
const digestOf = (text: string) => createHash('sha256').update(text).digest('hex')

/** Keeps the task’s databases beside the state, which has no room for thousands of them. */
export async function keepDatabases(
  store: ArtefactStore,
  run: RunIdentity,
  databases: Databases,
): Promise<DatabaseList> {
  const text = JSON.stringify(databases)
  await store.write(keyOf(run), text, 'application/json')
  return { count: databases.length, digest: digestOf(text) }
}

/**
 * The task with all its databases.
 * @throws SampanError TASK_LIST_MISSING, TASK_LIST_CHANGED: the document is not the one that ReadTask has written
 */
export async function wholeTask(store: ArtefactStore, { run, task, list }: StepEvent): Promise<Task> {
  // Executions that began before the list was a document carry it in the state.
  if (list === undefined) return task
  const text = await store.read(keyOf(run))
  if (text === null) throw unlike('TASK_LIST_MISSING', 'is not there')
  if (digestOf(text) !== list.digest) throw unlike('TASK_LIST_CHANGED', 'is not the one that this run has written')
  return { ...task, databases: JSON.parse(text) as Databases }
}

function unlike(code: string, finding: string): SampanError {
  return new SampanError({
    code,
    message: `databases.json, the list of the task’s databases, ${finding}`,
    remedy: 'leave the documents of a run alone while it is at work; start the task again: it continues where it was',
  })
}
