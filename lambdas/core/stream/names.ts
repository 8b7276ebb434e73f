import { createHash } from 'node:crypto'

/** What a run opens on the source is called so there, slot and publication alike, as `STREAM_NAME` (postgres) knows it: whoever finds it can tell whose it is. */
export function streamName(run: string, database: string): string {
  return `sampan_${createHash('sha256').update(`${run}\0${database}`).digest('hex').slice(0, 16)}`
}
