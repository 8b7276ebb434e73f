import type { Followed, Progress } from '../../lambdas/core/ledger/story/progress.ts'
import type { RunningStatement } from '../../lambdas/core/ledger/story/statements.ts'
import { bytesText, countText, durationRange, durationText, numberOf } from '../../lambdas/core/present/units.ts'
import type { Counts } from './model.ts'
import { describePace } from './pace.ts'

/** What a ledger's counts say about one stage of its database, in a few words. */
export function describeCounts(stage: string, state: string, counts: Counts): string {
  const { progress } = counts
  const active = state === 'active'
  switch (stage) {
    case 'plan':
      return describePlan(progress)
    case 'create':
      return active ? ofTotal(progress.objectsDone, progress.objects, 'object') : ''
    case 'copy':
      if (active) return describeCopy(counts)
      // Counts are read now and then: those of a stage that has just ended may not be the last ones.
      return progress.chunksDone === progress.chunks ? describeCopied(progress) : ''
    case 'index':
      return active || progress.indexesDone === progress.indexes ? describeIndexes(progress) : ''
    case 'follow':
      return progress.followed === null ? '' : describeFollowed(progress.followed, active)
    case 'validate':
      return active && progress.parts > 0 ? ofTotal(progress.partsDone, progress.parts, 'part') : ''
    default:
      return ''
  }
}

/** Tables are cut behind the objects: until then nobody knows how many bytes there are. */
function describePlan({ objects, chunks, bytes }: Progress): string {
  if (objects === 0) return ''
  return [numberOf(objects, 'object'), ...(chunks === 0 ? [] : [bytesText(bytes)])].join(', ')
}

function describeCopy(counts: Counts): string {
  const { progress, bytesPerSecond } = counts
  const moved = progress.bytesDone + progress.bytesMoving
  return [
    numberOf(progress.rows + progress.rowsMoving, 'row'),
    `${bytesText(moved)} of ${bytesText(progress.bytes)}${percentOf(moved, progress.bytes)}`,
    ...(bytesPerSecond === 0 ? [] : [`${bytesText(bytesPerSecond)}/s`]),
    ...describeLeft(counts),
    ...describePace(progress),
  ].join(', ')
}

function percentOf(done: number, all: number): string {
  return all === 0 ? '' : ` (${Math.min(100, Math.floor((100 * done) / all))} %)`
}

/** How long it takes from here. */
export function describeLeft({ left }: Pick<Counts, 'left'>): readonly string[] {
  return left === null ? [] : [`${durationRange(left.least, left.most)} left`]
}

function describeCopied(progress: Progress): string {
  return `${numberOf(progress.rows, 'row')}, ${bytesText(progress.bytesDone)}`
}

/** How far behind, in WAL: what is left when the writers stop. */
function describeFollowed({ changes, behind, retained }: Followed, active: boolean): string {
  return [
    `${numberOf(changes, 'change')} applied`,
    ...(active && behind !== null ? [`${bytesText(behind)} of WAL behind`] : []),
    ...(active && retained !== null ? [`the source keeps ${bytesText(Math.max(0, retained))}`] : []),
  ].join(', ')
}

function describeIndexes({ indexes, indexesDone, statements }: Progress): string {
  if (indexes === 0) return ''
  const [longest] = statements
  const counted = ofTotal(indexesDone, indexes, 'key and index', 'keys and indexes')
  return longest === undefined ? counted : `${counted}; ${describeStatement(longest)}`
}

/** Such as `orders_note: 62 % of loading tuples in tree, 2 min 05 s`. */
function describeStatement({ name, phase, done, seconds }: RunningStatement): string {
  const doing = phase === null ? [] : [phase.replace(/^building index: /, '')]
  const share = done === null ? doing : [`${Math.floor(done * 100)} % of ${doing[0] ?? 'it'}`]
  return `${name}: ${[...share, durationText(seconds)].join(', ')}`
}

function ofTotal(done: number, total: number, noun: string, plural = `${noun}s`): string {
  return `${countText(done)} of ${numberOf(total, noun, plural)}`
}
