import { createHash } from 'node:crypto'
import type { StepEvent } from '../runtime/event.ts'

/**
 * What a run opens on the source for a database is called so there, slot and publication alike, as `STREAM_NAME` (postgres) knows it:
 * whoever finds it can tell whose it is, though the destination does not answer. Runs of one name to different destinations are
 * different runs: the ledger, which each has for itself, does not keep them apart on their common source.
 */
export function streamName({ run, task, database }: Pick<StepEvent, 'run' | 'task' | 'database'>): string {
  const { apsaraInstance, host, port } = task.destination
  const there = apsaraInstance ?? `${host}:${port}`
  const parts = [run.id, database?.name ?? '', there, database?.as ?? '']
  return `sampan_${createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16)}`
}
