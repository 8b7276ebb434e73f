import type { ArtefactStore } from '../../core/cloud/artefacts.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'

/** Short, so that listing it costs the same after ten thousand executions. */
const ROOT = 'open/'

const keyOfRun = ({ id, execution }: RunIdentity): string => `${ROOT}${execution}/${id}`

/**
 * Puts an execution on the list of those that may have something open. Before its record says what: where the record is lost or
 * cannot be read, the execution is still known.
 */
export async function listOpenRun(store: ArtefactStore, run: RunIdentity): Promise<void> {
  await store.writeIf(keyOfRun(run), `${JSON.stringify(run)}\n`, 'application/json', null)
}

/** Writes it again, so that nothing that deletes old documents takes it for one. */
export async function renewOpenRun(store: ArtefactStore, run: RunIdentity): Promise<void> {
  await store.write(keyOfRun(run), `${JSON.stringify(run)}\n`, 'application/json')
}

/** Takes it off: everything was verified to be closed, long enough after the last opening. */
export async function unlistOpenRun(store: ArtefactStore, run: RunIdentity): Promise<void> {
  await store.remove(keyOfRun(run))
}

/** Which executions may have something open: all of them, or those of one execution name. */
export async function openRuns(store: ArtefactStore, execution?: string): Promise<readonly RunIdentity[]> {
  const keys = await store.list(execution === undefined ? ROOT : `${ROOT}${execution}/`)
  return keys.flatMap((key) => {
    const [, name, id] = key.split('/')
    return name && id ? [{ id, execution: name }] : []
  })
}
