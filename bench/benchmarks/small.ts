import { dumpAndRestore, dumpIntoPsql } from '../contenders/pg-dump.ts'
import { pgcopydb, pgcopydbBest } from '../contenders/pgcopydb.ts'
import { sampan } from '../contenders/sampan.ts'
import { runRounds } from '../rounds.ts'
import { makeDatabase } from '../stage.ts'
import { cpu, destinationCpu, rss, table, wall } from '../table.ts'
import { settled, smallTables } from '../workloads/workloads.ts'
import type { Benchmark } from './benchmark.ts'

const TABLES = 1_000

export const small: Benchmark = {
  name: 'small',
  title: '1,000 small tables',
  run: async ({ stage, rounds, lanes, log }) => {
    const source = await makeDatabase(stage.source, 'small', smallTables(TABLES), settled)
    const ours = sampan({ lanes })
    const none = sampan({ name: `Sampan, ${lanes} lanes, no validation`, lanes, validation: 'none' })
    const contenders = [ours, none, pgcopydbBest(lanes), pgcopydb, dumpAndRestore(lanes), dumpIntoPsql]
    const results = await runRounds({ stage, source, contenders, rounds, log })
    return `100 rows, a key and an index each; both servers near.

${table(results, [wall, cpu, rss, destinationCpu], ours.name)}`
  },
}
