import { dumpAndRestore, dumpIntoPsql } from '../contenders/pg-dump.ts'
import { pgcopydb, pgcopydbBest } from '../contenders/pgcopydb.ts'
import { sampan } from '../contenders/sampan.ts'
import { runRounds } from '../rounds.ts'
import { ask, makeDatabase } from '../stage.ts'
import { cpu, destinationCpu, rss, sourceCpu, table, wall } from '../table.ts'
import { fullSize, keyless, narrow, settled, smallTables, wide } from '../workloads/workloads.ts'
import type { Benchmark } from './benchmark.ts'

export const whole: Benchmark = {
  name: 'whole',
  title: 'A whole database',
  run: async ({ stage, rounds, scale, lanes, log }) => {
    const small = Math.round(fullSize.smallTables * scale)
    const texts = [narrow(scale), wide(scale), keyless(scale), smallTables(small), settled]
    const source = await makeDatabase(stage.source, 'whole', ...texts)
    const [size] = await ask(source, `SELECT pg_size_pretty(pg_database_size('whole')) AS size`)
    const ours = sampan({ lanes })
    const contenders = [
      ours,
      sampan({ name: `Sampan, ${lanes} lanes, no validation`, lanes, validation: 'none' }),
      pgcopydbBest(lanes),
      pgcopydb,
      dumpAndRestore(lanes),
      dumpIntoPsql,
    ]
    const results = await runRounds({ stage, source, contenders, rounds, log })
    return `${million(fullSize.narrow * scale)} narrow rows, ${million(fullSize.wide * scale)} wide mixed rows, ${million(fullSize.keyless * scale)} rows without a key, ${small} small tables; indexes and foreign keys included. The source database is of ${size?.size}. Sampan compares every row in the end, the others compare nothing; a second line is without that.

${table(results, [wall, cpu, rss, sourceCpu, destinationCpu], ours.name)}`
  },
}

export function million(rows: number): string {
  return `${(rows / 1e6).toFixed(1)} M`
}
