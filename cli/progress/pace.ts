import type { CurrentLimits } from '../../lambdas/core/ledger/limits.ts'

/** Such as `held at 35 % (latency of the source 48 ms, target 25 ms)`; empty at full pace. */
export function describePace({ pace, paceReason }: Pick<CurrentLimits, 'pace' | 'paceReason'>): readonly string[] {
  if (pace === 1) return []
  return [`held at ${Math.round(pace * 100)} %${paceReason === null ? '' : ` (${paceReason})`}`]
}
