import type { Contender } from '../contenders/contender.ts'
import { psqlPipe } from '../contenders/psql-pipe.ts'
import { sampan } from '../contenders/sampan.ts'
import { runRounds } from '../rounds.ts'
import { makeDatabase } from '../stage.ts'
import { cpu, destinationCpu, rss, table, wall } from '../table.ts'
import { fullSize, keyless } from '../workloads/workloads.ts'
import type { Benchmark } from './benchmark.ts'
import { million } from './whole.ts'

export const rows: Benchmark = {
  name: 'rows',
  title: 'Rows only',
  run: async ({ stage, rounds, scale, log }) => {
    const source = await makeDatabase(stage.source, 'rows', keyless(scale), 'VACUUM ANALYZE')
    const ddl = keyless(0).split(';')[0] ?? ''
    const ours = rowsAlone('Sampan, 1 lane, one stream', 1, 10_240)
    const contenders = [
      ours,
      rowsAlone('Sampan, 2 lanes, two streams', 2, 64),
      psqlPipe('keyless', ddl, 'binary'),
      psqlPipe('keyless', ddl, 'text'),
    ]
    const results = await runRounds({ stage, source, contenders, rounds, log, whole: false })
    return `One table of ${million(fullSize.keyless * scale)} rows without key and index. Sampan's time is that of its rows, from the begin of the first chunk to the last receipt (${'`'}validation.mode${'`'} none); its process, plan and report are in the other tables. CPU and memory are of its whole process, Node.js itself included.

${table(results, [wall, cpu, rss, destinationCpu], ours.name)}`
  },
}

/** The wall time is that of the rows, by the ledger. */
export function rowsAlone(name: string, lanes: number, chunkMegabytes: number): Contender {
  const contender = sampan({ name, lanes, chunkMegabytes, validation: 'none' })
  return {
    name,
    run: async (round) => {
      const measured = await contender.run(round)
      return { ...measured, wall: measured.more.copy ?? Number.NaN }
    },
  }
}
