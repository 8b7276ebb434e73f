import type { Stage } from '../stage.ts'

/** What every benchmark is given. */
export interface Bench {
  readonly stage: Stage
  readonly rounds: number
  /** Of the full sizes in workloads.ts. */
  readonly scale: number
  readonly lanes: number
  readonly log: (line: string) => void
}

export interface Benchmark {
  readonly name: string
  readonly title: string
  /** Markdown: what was done, and the tables. */
  run(bench: Bench): Promise<string>
}
