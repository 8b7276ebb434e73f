import { z } from 'zod'
import type { ArtefactStore } from '../../core/cloud/artefacts.ts'
import type { RunIdentity } from '../../core/runtime/event.ts'
import { parseJson } from '../../core/runtime/parse-json.ts'
import { type ProcessIdentity, processIdentitySchema } from '../../core/runtime/process-identity.ts'

/** Short, so that listing it costs the same after ten thousand executions. */
const ROOT = 'open/'

const keyOfRun = ({ id, execution }: RunIdentity): string => `${ROOT}${execution}/${id}`

/** What an entry says besides its name; a Sampan of before wrote neither. */
const listingSchema = z.object({
  listedAt: z.string().nullable().default(null),
  process: processIdentitySchema.nullable().default(null),
})

export interface Listing {
  /** ISO 8601. */
  readonly listedAt: string | null
  /** Which process runs it; `null` in a stack, where the execution itself is asked about. */
  readonly process: ProcessIdentity | null
}

const toText = (run: RunIdentity, listing: Listing): string => `${JSON.stringify({ ...run, ...listing })}\n`

/**
 * Puts an execution on the list of those that may have something open. Before its record says what: where the record is lost or
 * cannot be read, or whoever writes it is killed in between, the execution is still known.
 */
export async function listOpenRun(store: ArtefactStore, run: RunIdentity, listing: Listing): Promise<void> {
  await store.writeIf(keyOfRun(run), toText(run, listing), 'application/json', null)
}

/** Writes it again, so that nothing that deletes old documents takes it for one. */
export async function renewOpenRun(store: ArtefactStore, run: RunIdentity): Promise<void> {
  const listing = await readListing(store, run)
  await store.write(keyOfRun(run), toText(run, listing ?? { listedAt: null, process: null }), 'application/json')
}

/** @returns `null` where the execution is not listed */
export async function readListing(store: ArtefactStore, run: RunIdentity): Promise<Listing | null> {
  const text = await store.read(keyOfRun(run))
  if (text === null) return null
  // Its name is what counts. What it says besides is not known of one that cannot be read, as of an entry of before.
  return listingSchema.safeParse(parseJson(text)).data ?? { listedAt: null, process: null }
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
