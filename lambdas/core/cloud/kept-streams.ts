import type { RunIdentity } from '../runtime/event.ts'
import { type ArtefactStore, artefactKey } from './artefacts.ts'

const keyOf = (run: RunIdentity) => artefactKey(run, 'streams.json')

/** Keeps what stays on the source for a run that can go on, for its report, which is finished when the database may not answer any more. */
export async function keepStreams(store: ArtefactStore, run: RunIdentity, kept: readonly string[]): Promise<void> {
  if (kept.length > 0) await store.write(keyOf(run), JSON.stringify(kept), 'application/json')
}

/** Lines for people; none where nothing stays. */
export async function readKeptStreams(store: ArtefactStore, run: RunIdentity): Promise<readonly string[]> {
  const text = await store.read(keyOf(run))
  return text === null ? [] : (JSON.parse(text) as string[])
}
