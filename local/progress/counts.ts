import type { Progress } from '../../lambdas/ledger/progress.ts'
import { formatBytes, formatCount, formatDuration, formatNumberOf } from './units.ts'

/** What a ledger's counts say about one stage of its database, in a few words. */
export function describeCounts(
  stage: string,
  state: string,
  counts: { readonly progress: Progress; readonly bytesPerSecond: number },
): string {
  const { progress } = counts
  switch (stage) {
    case 'plan':
      return `${formatNumberOf(progress.objects, 'object')}, ${formatBytes(progress.bytes)}`
    case 'create':
      return state === 'active' ? ofTotal(progress.objectsDone, progress.objects, 'object') : ''
    case 'copy':
      return state === 'active' ? describeCopy(progress, counts.bytesPerSecond) : describeCopied(progress)
    case 'index':
      return ofTotal(progress.indexesDone, progress.indexes, 'key and index', 'keys and indexes')
    case 'validate':
      return progress.parts === 0 ? '' : ofTotal(progress.partsDone, progress.parts, 'part')
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

function ofTotal(done: number, total: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(done)} of ${formatNumberOf(total, noun, plural)}`
}
