import type { Contender } from '../contenders/contender.ts'
import { dumpAndRestore, dumpIntoPsql } from '../contenders/pg-dump.ts'
import { pgcopydbBest } from '../contenders/pgcopydb.ts'
import { sampan } from '../contenders/sampan.ts'
import { startRelay } from '../relay.ts'
import { runRounds } from '../rounds.ts'
import { makeDatabase } from '../stage.ts'
import { cpu, table, wall } from '../table.ts'
import { settled, smallTables } from '../workloads/workloads.ts'
import type { Bench, Benchmark } from './benchmark.ts'

/** One way. */
const DELAY_MILLISECONDS = 30

export const distance: Benchmark = {
  name: 'distance',
  title: 'A destination 60 ms away',
  run: async (bench) => {
    const relay = await startRelay(bench.stage.destination.port, DELAY_MILLISECONDS)
    try {
      const slow = [dumpAndRestore(bench.lanes), pgcopydbBest(bench.lanes)]
      const few = await away(bench, relay.port, 200, [dumpIntoPsql, ...(bench.allPeers ? slow : [])])
      const many = await away(bench, relay.port, 1_000, bench.allPeers ? [dumpIntoPsql] : [])
      return `Small tables as above. The destination stands behind a relay that delays every byte by ${DELAY_MILLISECONDS} ms each way; the source is near. The peers wait for the network and hardly for the machine, so they run in one round only, Sampan in ${bench.rounds}; with 1,000 tables the fastest of them stands for all (pgcopydb would take a quarter of an hour).

200 tables:

${few}

1,000 tables:

${many}`
    } finally {
      relay.close()
    }
  },
}

async function away(
  { stage, rounds, lanes, log }: Bench,
  port: number,
  count: number,
  peers: readonly Contender[],
): Promise<string> {
  const source = await makeDatabase(stage.source, `away_${count}`, smallTables(count), settled)
  const options = { stage, source, through: port, log }
  const ours = sampan({ lanes })
  const own = await runRounds({ ...options, contenders: [ours], rounds })
  const others = await runRounds({ ...options, contenders: peers, rounds: 1 })
  // The one round of a peer stands for each of ours.
  const repeated = others.map(({ name, measures }) => ({
    name,
    measures: Array.from({ length: rounds }, () => measures[0]).filter((one) => one !== undefined),
  }))
  return table([...own, ...repeated], [wall, cpu], ours.name)
}
