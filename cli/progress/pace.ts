import type { CurrentLimits } from '../../lambdas/core/ledger/limits.ts'

/** Such as `held at 35 % (latency of the source 48 ms, target 25 ms)`; empty at full pace. */
export function describePace({
  pace,
  paceReason,
  paused,
}: Pick<CurrentLimits, 'pace' | 'paceReason' | 'paused'>): readonly string[] {
  if (paused) return ['paused: sampan resume lets it go on']
  if (pace === 1) return []
  return [`held at ${Math.round(pace * 100)} %${paceReason === null ? '' : ` (${paceReason})`}`]
}
