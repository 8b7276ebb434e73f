import type { Progress } from '../../lambdas/ledger/progress.ts'
import { formatBytes, formatCount, formatDuration, formatNumberOf } from './units.ts'

/** What a ledger's counts say about one stage of its database, in a few words. */
export function describeCounts(
  stage: string,
  state: string,
  counts: { readonly progress: Progress; readonly bytesPerSecond: number },
): string {
  const { progress } = counts
  const active = state === 'active'
  switch (stage) {
    case 'plan':
      return progress.objects === 0
        ? ''
        : `${formatNumberOf(progress.objects, 'object')}, ${formatBytes(progress.bytes)}`
    case 'create':
      return active ? ofTotal(progress.objectsDone, progress.objects, 'object') : ''
    case 'copy':
      if (active) return describeCopy(progress, counts.bytesPerSecond)
      // Counts are read now and then: those of a stage that has just ended may not be the last ones.
      return progress.chunksDone === progress.chunks ? describeCopied(progress) : ''
    case 'index':
      return active || progress.indexesDone === progress.indexes ? describeIndexes(progress) : ''
    case 'validate':
      return active && progress.parts > 0 ? ofTotal(progress.partsDone, progress.parts, 'part') : ''
    default:
      return ''
  }
}

function describeCopy(progress: Progress, bytesPerSecond: number): string {
  const left = Math.max(0, progress.bytes - progress.bytesDone)
  const speed = bytesPerSecond === 0 ? [] : [`${formatBytes(bytesPerSecond)}/s`]
  const eta = bytesPerSecond === 0 || left === 0 ? [] : [`${formatDuration((left / bytesPerSecond) * 1000)} left`]
  return [
    formatNumberOf(progress.rows, 'row'),
    `${formatBytes(progress.bytesDone)} of ${formatBytes(progress.bytes)}`,
    ...speed,
    ...eta,
  ].join(', ')
}

function describeCopied(progress: Progress): string {
  return `${formatNumberOf(progress.rows, 'row')}, ${formatBytes(progress.bytesDone)}`
}

function describeIndexes({ indexes, indexesDone }: Progress): string {
  return indexes === 0 ? '' : ofTotal(indexesDone, indexes, 'key and index', 'keys and indexes')
}

function ofTotal(done: number, total: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(done)} of ${formatNumberOf(total, noun, plural)}`
}
