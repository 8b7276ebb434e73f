import { readCase } from './case.ts'
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

/** Runs the cases of these seeds. One that breaks is a wrong one. */
export async function runCases(seeds: readonly number[], { jobs, until, tell }: CasesOptions): Promise<void> {
  const queue = [...seeds]
  await Promise.all(Array.from({ length: Math.min(jobs, seeds.length) }, work))

  async function work(): Promise<void> {
    let pair: Pair | null = null
    for (;;) {
      const seed = queue.shift()
      if (seed === undefined || Date.now() > (until ?? Number.POSITIVE_INFINITY)) break
      pair ??= await startPair()
      const result = await runOne(seed, pair)
      tell(result)
      if (result.problems.length === 0) continue
      // The next case must not suffer for this one.
      await pair.stop()
      pair = null
    }
    await pair?.stop()
  }
}

async function runOne(seed: number, pair: Pair): Promise<CaseResult> {
  const fault = readCase(seed)
  return runCase(fault, pair).catch((thrown: unknown) => ({
    ...{ case: fault, done: '', hit: false, seconds: 0, answers: [] },
    problems: [`the case itself broke: ${thrown instanceof Error ? thrown.stack : thrown}`],
  }))
}
