import { dumpAndRestore, dumpArchive } from '../contenders/pg-dump.ts'
import { pgcopydbBest } from '../contenders/pgcopydb.ts'
import { sampan } from '../contenders/sampan.ts'
import { runRounds } from '../rounds.ts'
import { ask, makeDatabase } from '../stage.ts'
import { allCpu, cpu, destinationCpu, rss, sourceCpu, table, wall } from '../table.ts'
import { fiveIndexes, fullSize, settled, tenTables, toast } from '../workloads/workloads.ts'
import type { Benchmark } from './benchmark.ts'
import { million } from './whole.ts'

/** One kind of database by itself, beside all peers: in a mixture the tables that a peer is bad at would hide the others. */
function alone(
  name: string,
  title: string,
  fill: (scale: number) => string,
  what: (scale: number) => string,
): Benchmark {
  return {
    name,
    title,
    run: async ({ stage, rounds, scale, lanes, log }) => {
      const source = await makeDatabase(stage.source, name, fill(scale), settled)
      const [size] = await ask(source, `SELECT pg_size_pretty(pg_database_size(current_database())) AS size`)
      const ours = sampan({ name: `Sampan, ${lanes} lanes, no validation`, lanes, validation: 'none' })
      const contenders = [ours, sampan({ lanes }), pgcopydbBest(lanes), dumpAndRestore(lanes), dumpArchive]
      const results = await runRounds({ stage, source, contenders, rounds, log })
      return `${what(scale)}; a database of ${size?.size}. The peers compare nothing.

${table(results, [wall, cpu, sourceCpu, destinationCpu, allCpu, rss], ours.name, [wall, allCpu])}`
    },
  }
}

export const ten = alone(
  'ten',
  'Ten large tables',
  tenTables,
  (scale) =>
    `Ten tables of ${million(fullSize.tenTables * scale)} rows each, with a key, two indexes and a foreign key`,
)

export const indexes = alone(
  'indexes',
  'One table with five indexes',
  fiveIndexes,
  (scale) =>
    `One table of ${million(fullSize.indexed * scale)} rows with its key and four more indexes, one of them over text`,
)

export const wideRows = alone(
  'toast',
  'Wide rows',
  toast,
  (scale) => `${million(fullSize.toast * scale)} rows of 8 kB, most of it out of line (TOAST) and not to be compressed`,
)
