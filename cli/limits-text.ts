import type { CurrentLimits } from '../lambdas/core/ledger/limits.ts'
import { bytesText } from '../lambdas/core/present/units.ts'
import { SampanError } from '../lambdas/core/runtime/errors.ts'
import type { ChangedLimits } from '../lambdas/stages/copy/pace/change-run.ts'
import { describePace } from './progress/pace.ts'

const NOT_COPYING = 'has not planned its copy'

/** Of one that has not begun: whether what was asked will hold there. */
function notCopyingText({ kept }: ChangedLimits): string {
  if (kept === undefined) return NOT_COPYING
  return kept
    ? `${NOT_COPYING}: what was asked will hold there`
    : `${NOT_COPYING}, and was not told: the limits of the task hold there until the command is given again`
}

/** What holds in each database after a change, a line each. */
export function changedLines(changed: readonly ChangedLimits[]): readonly string[] {
  return changed.map((each) => {
    const { database, limits, complete } = each
    const nothing = complete ? 'is complete: nothing is copied any more' : notCopyingText(each)
    return `${database}: ${limits === null ? nothing : describeLimits(limits)}`
  })
}

/** @throws SampanError RUN_NOT_COPYING, RUN_IS_COMPLETE where nothing was changed */
export function requireChanged(run: string, changed: readonly ChangedLimits[]): void {
  if (changed.some(({ limits, kept }) => limits !== null || kept)) return
  throw changed.some(({ complete }) => complete) ? isComplete(run) : notCopying(run, changed)
}

/** Such as `4 lanes, 20.0 MB/s; held at 35 % (…)`. */
export function describeLimits(limits: CurrentLimits): string {
  const { lanes, mostLanes, rowsPerSecond, bytesPerSecond, queriesPerSecond } = limits
  const { sourceCpuPercent, sourceLatencyMilliseconds } = limits
  const rates = [
    ...(rowsPerSecond === null ? [] : [`${rowsPerSecond} rows/s`]),
    ...(bytesPerSecond === null ? [] : [`${bytesText(bytesPerSecond)}/s`]),
    ...(queriesPerSecond === null ? [] : [`${queriesPerSecond} queries/s`]),
    ...(sourceCpuPercent === null ? [] : [`CPU of the source below ${sourceCpuPercent} %`]),
    ...(sourceLatencyMilliseconds === null ? [] : [`latency of the source below ${sourceLatencyMilliseconds} ms`]),
  ]
  const counted = mostLanes === null ? '' : ` (counted, ${mostLanes} at most)`
  const given = [`${lanes} lanes${counted}`, ...(rates.length === 0 ? ['no other limit'] : rates)].join(', ')
  return [given, ...describePace(limits)].join('; ')
}

function isComplete(run: string): SampanError {
  return new SampanError({
    code: 'RUN_IS_COMPLETE',
    message: `${run} is complete: there is nothing that could be paused or go on`,
    remedy: 'nothing to do; sampan status tells how a run stands',
  })
}

function notCopying(run: string, databases: readonly ChangedLimits[]): SampanError {
  return new SampanError({
    code: 'RUN_NOT_COPYING',
    message: `no database of ${run}${databases.length === 0 ? '' : ` (${databases.map(({ database }) => database).join(', ')})`} has planned its copy`,
    remedy: 'start the run first, or correct the name of the task; before a run, limits belong into the task',
  })
}
