import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '../postgres/connect.ts'
import { SampanError } from '../runtime/errors.ts'

/** Opening a slot takes this long at most, and who opens one lets go then. */
const PATIENCE_MILLISECONDS = 30_000
const POLL_MILLISECONDS = 100

/** The hexadecimal digits of the stream's name as a number: advisory locks have no names. */
const KEY = `('x' || pg_catalog.substr($1, 8))::bit(64)::bigint`

/**
 * One worker at a time opens what a run has on the source, or drops it: of two starts the older one would drop the newer one's slot, which
 * has the same name. Whoever holds it asks the ledger then whether the run is still his. It is let go of with the session at the latest.
 * @param name of the stream
 * @throws SampanError FOLLOW_STREAM_HELD
 */
export async function holdStream(source: Session, name: string): Promise<void> {
  const until = performance.now() + PATIENCE_MILLISECONDS
  for (;;) {
    const [row] = await source.rows<{ held: boolean }>(`SELECT pg_catalog.pg_try_advisory_lock(${KEY}) AS held`, [name])
    if (row?.held) return
    if (performance.now() > until) throw held()
    await sleep(POLL_MILLISECONDS)
  }
}

/** Another worker may open or drop it. */
export async function releaseStream(source: Session, name: string): Promise<void> {
  await source.rows(`SELECT pg_catalog.pg_advisory_unlock(${KEY})`, [name])
}

function held(): SampanError {
  return new SampanError({
    code: 'FOLLOW_STREAM_HELD',
    message: `another worker opens or drops what this run has on the source, for more than ${PATIENCE_MILLISECONDS / 1000} s`,
    remedy: 'nothing to do while the retry window is open; look which executions of the run are at work',
    retryable: true,
    kind: 'connection',
  })
}
