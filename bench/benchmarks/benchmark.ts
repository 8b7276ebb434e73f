import type { Stage } from '../stage.ts'

/** What every benchmark is given. */
export interface Bench {
  readonly stage: Stage
  readonly rounds: number
  /** Of the full sizes in workloads.ts. */
  readonly scale: number
  readonly lanes: number
  /** False: only the fastest peer where peers are slow, with the smaller load. */
  readonly allPeers: boolean
  readonly log: (line: string) => void
}

export interface Benchmark {
  readonly name: string
  readonly title: string
  /** Markdown: what was done, and the tables. */
  run(bench: Bench): Promise<string>
}
