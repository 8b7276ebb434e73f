import { runRounds } from '../rounds.ts'
import { ask, makeDatabase } from '../stage.ts'
import { cpu, destinationCpu, ratios, spread, table, wall } from '../table.ts'
import { fullSize, keyless } from '../workloads/workloads.ts'
import type { Benchmark } from './benchmark.ts'
import { rowsAlone } from './rows.ts'
import { million } from './whole.ts'

/** Megabytes of a chunk, around the default of the task. */
const SIZES = [16, 64, 256, 1024]
/** So many times the rows of the other tables: 1 GB at a scale of 0.2. */
const LARGE = 12

/** How the time of one table's rows goes with the number of lanes, of chunks, and of megabytes in a chunk. */
export const lanes: Benchmark = {
  name: 'lanes',
  title: 'Lanes and chunks',
  run: async ({ stage, rounds, scale, log }) => {
    const source = await makeDatabase(stage.source, 'lanes', keyless(scale), 'VACUUM ANALYZE')
    const [row] = await ask(source, `SELECT pg_table_size('keyless')::float8 / 1e6 AS megabytes`)
    const megabytes = Number(row?.megabytes)
    const chunk = (count: number) => Math.max(1, Math.ceil(megabytes / count))
    const byLanes = [1, 2, 4, 8].map((count) => rowsAlone(`${count} lanes`, count, chunk(16)))
    const byChunks = [1, 4, 16, 64].map((count) => rowsAlone(`about ${count} chunks`, 1, chunk(count)))
    const results = await runRounds({ stage, source, contenders: [...byLanes, ...byChunks], rounds, log })
    const [one, many] = [results.find(({ name }) => name === 'about 1 chunks'), results.at(-1)]
    const grows = one === undefined || many === undefined ? [] : ratios(many, one, wall)
    const large = await makeDatabase(stage.source, 'sizes', keyless(scale * LARGE), 'VACUUM ANALYZE')
    const bySize = SIZES.flatMap((size) => [2, 4].map((count) => rowsAlone(`${size} MB, ${count} lanes`, count, size)))
    const sizes = await runRounds({ stage, source: large, contenders: bySize, rounds, log })
    return `The ${million(fullSize.keyless * scale)} rows without key of ${megabytes.toFixed(0)} MB, no validation; the wall time is that of the rows. Lanes over 16 chunks, chunks with one lane.

${table(results, [wall, cpu, destinationCpu])}

- 64 chunks, of the time of one chunk: ${spread(grows, 3)}; a claim and a receipt more for each chunk are all the difference, so this is also what the ledger costs

The same for ${million(fullSize.keyless * scale * LARGE)} such rows, by \`chunkMegabytes\` and lanes:

${table(sizes, [wall, cpu, destinationCpu])}`
  },
}
