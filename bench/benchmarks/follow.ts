import { keyless, type Load, large, pgbench } from '../follow/loads.ts'
import { openPair, type Pair } from '../follow/pair.ts'
import { CONTENDERS, measureRound } from '../follow/round.ts'
import type { Measure } from '../measure.ts'
import { cpu, destinationCpu, rss, table, wall } from '../table.ts'
import type { Bench, Benchmark } from './benchmark.ts'

export const follow: Benchmark = {
  name: 'follow',
  title: 'Changes applied, beside PostgreSQL’s own subscription',
  run: async (bench) => {
    const pair = await openPair()
    try {
      const many = Math.round(100_000 * bench.scale)
      const parts = [
        await measureLoad(bench, pair, () => pgbench(many)),
        await measureLoad(bench, pair, keyless),
        await measureLoad(bench, pair, (round) => large(round, many * 10)),
      ]
      await pair.expectEqual()
      return `Both follow one source into a database each. They are stopped while it is written to, and go on one after the other, every second round the other way round: the time
until what was written last can be read at the destination. The destination's CPU is that of the processes that apply; the subscription's worker receives as well, Sampan's own process does that beside it
(own CPU). The subscription commits with synchronous_commit off, its default, Sampan with on. Afterwards every table is equal.

${parts.join('\n\n')}`
    } finally {
      await pair.close()
    }
  },
}

async function measureLoad({ rounds, log }: Bench, pair: Pair, loadOf: (round: number) => Load): Promise<string> {
  const results = CONTENDERS.map((name) => ({ name, measures: [] as Measure[] }))
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed()
    const measured = await measureRound(pair, loadOf(round), order)
    for (const { name, measures } of results) measures.push(measured[name])
    log(
      `  ${loadOf(round).title}, round ${round + 1}: ${CONTENDERS.map((name) => `${name} ${measured[name].wall.toFixed(2)} s`).join(', ')}`,
    )
  }
  const columns = [wall, destinationCpu, cpu, rss]
  return `${loadOf(0).title}:\n\n${table(results, columns, 'Sampan', [wall, destinationCpu])}`
}
