import type { FaultCase } from './case.ts'
import type { FollowCase } from './follow/case.ts'
import { runFollowCase } from './follow/run.ts'
import { startFollowPair } from './follow/stage.ts'
import { type CaseResult, runCase } from './run-case.ts'
import { type Pair, startPair } from './servers.ts'

export interface CasesOptions {
  /** How many at a time, each on servers of its own. */
  readonly jobs: number
  /** When no further case is begun. @default never */
  readonly until?: number
  /** Called with every result. */
  readonly tell: (result: CaseResult) => void
}

/** Runs these cases, all of them of runs that follow or none. One that breaks is a wrong one. */
export async function runCases(
  cases: readonly (FaultCase | FollowCase)[],
  { jobs, until, tell }: CasesOptions,
): Promise<void> {
  const queue = [...cases]
  await Promise.all(Array.from({ length: Math.min(jobs, cases.length) }, work))

  async function work(): Promise<void> {
    let pair: Pair | null = null
    for (;;) {
      const next = queue.shift()
      if (next === undefined || Date.now() > (until ?? Number.POSITIVE_INFINITY)) break
      pair ??= await (next.kind === 'follow' ? startFollowPair() : startPair())
      const result = await runOne(next, pair)
      tell(result)
      if (result.problems.length === 0) continue
      // The next case must not suffer for this one.
      await pair.stop()
      pair = null
    }
    await pair?.stop()
  }
}

async function runOne(fault: FaultCase | FollowCase, pair: Pair): Promise<CaseResult> {
  return (fault.kind === 'follow' ? runFollowCase(fault, pair) : runCase(fault, pair)).catch((thrown: unknown) => ({
    ...{ case: fault, done: '', hit: false, seconds: 0, answers: [] },
    problems: [`the case itself broke: ${thrown instanceof Error ? thrown.stack : thrown}`],
  }))
}
