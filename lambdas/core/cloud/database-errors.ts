import { z } from 'zod'
import type { DatabaseEnd, DatabaseResult, RunIdentity } from '../runtime/event.ts'
import type { StepError } from '../runtime/verdict.ts'
import type { Task } from '../task/task.ts'
import { type ArtefactStore, artefactKey } from './artefacts.ts'

/** Documents read at once. */
const AT_ONCE = 16

const told = { code: z.string(), message: z.string(), remedy: z.string() }

const errorSchema = z.object({
  kind: z.enum(['connection', 'other']),
  ...told,
  besides: z.array(z.object(told)).readonly().optional(),
})

const keyOf = (run: RunIdentity, place: number) => artefactKey(run, `errors/${place}.json`)

/** What the state machine says of an error whose own words it does not have. */
const LOST = 'STEP_LOST'

/**
 * Keeps why a database has failed: of thousands, the state has room for the codes alone. A lost step replaces nothing: what catches a
 * failed branch learns its error by name, or `States.BranchFailed` alone, and the branch has kept it itself.
 */
export async function keepError(
  store: ArtefactStore,
  run: RunIdentity,
  place: number,
  error: StepError,
): Promise<void> {
  if (error.code === LOST && (await readError(store, run, place)) !== null) return
  await store.write(keyOf(run, place), JSON.stringify(error), 'application/json')
}

/**
 * How the databases have ended, by their names and with their errors in full.
 * @param ends as the state has them; those of executions that began before errors were documents are complete
 */
export async function databaseResults(
  store: ArtefactStore,
  run: RunIdentity,
  databases: Task['databases'],
  ends: readonly (DatabaseEnd | DatabaseResult)[],
): Promise<readonly DatabaseResult[]> {
  const results: DatabaseResult[] = []
  for (let first = 0; first < ends.length; first += AT_ONCE) {
    results.push(...(await Promise.all(ends.slice(first, first + AT_ONCE).map(resultOf))))
  }
  return results

  async function resultOf(end: DatabaseEnd | DatabaseResult): Promise<DatabaseResult> {
    if (!('place' in end)) return end
    const { place, verdict, code } = end
    const error = code === null ? null : ((await readError(store, run, place)) ?? unread(code))
    return { database: databases[place]?.name ?? `databases[${place}]`, verdict, error }
  }
}

/** Which have failed so far, while others are at work. */
export async function failedDatabases(
  store: ArtefactStore,
  run: RunIdentity,
  databases: Task['databases'],
): Promise<readonly { readonly name: string; readonly code: string }[]> {
  const errors = await Promise.all(databases.map((_, place) => readError(store, run, place)))
  return databases.flatMap(({ name }, place) => {
    const code = errors[place]?.code
    return code === undefined ? [] : [{ name, code }]
  })
}

/** `null` where there is none, or it cannot be read: the code is known without it. */
async function readError(store: ArtefactStore, run: RunIdentity, place: number): Promise<StepError | null> {
  try {
    const text = await store.read(keyOf(run, place))
    return text === null ? null : errorSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

function unread(code: string): StepError {
  return {
    kind: 'other',
    code,
    message: 'what was said of it could not be kept with the run’s documents',
    remedy: 'read the log of the functions for this database; then start the task again: it continues where it was',
  }
}
