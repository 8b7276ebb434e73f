import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '../postgres/connect.ts'

const WATCHED_MILLISECONDS = 1_000
/** pg_stat_wal counts from here on. */
const COUNTED = 140_000

/** Bytes of WAL that the source writes in a second: on average since its counters began, or of the second just now, whichever is more. */
export async function readWalRate(source: Session): Promise<number> {
  const average = source.serverVersion >= COUNTED ? await readAverage(source) : 0
  const began = performance.now()
  const before = await readPosition(source)
  await sleep(WATCHED_MILLISECONDS)
  const written = (await readPosition(source)) - before
  return Math.max(average, written / ((performance.now() - began) / 1000))
}

async function readAverage(source: Session): Promise<number> {
  const [row] = await source.rows<{ rate: number }>(
    `SELECT (wal_bytes / GREATEST(1, EXTRACT(epoch FROM pg_catalog.clock_timestamp() - stats_reset)))::pg_catalog.float8 AS rate
       FROM pg_catalog.pg_stat_wal`,
  )
  return row?.rate ?? 0
}

async function readPosition(source: Session): Promise<number> {
  const [row] = await source.rows<{ at: number }>(
    `SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0')::pg_catalog.float8 AS at`,
  )
  return row?.at ?? 0
}
