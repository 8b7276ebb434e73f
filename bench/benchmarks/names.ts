import { sampan } from '../contenders/sampan.ts'
import { startRelay } from '../relay.ts'
import { runRounds } from '../rounds.ts'
import { makeDatabase } from '../stage.ts'
import { cpu, destinationCpu, table, wall } from '../table.ts'
import { settled, smallTables } from '../workloads/workloads.ts'
import type { Benchmark } from './benchmark.ts'

/** One way. */
const DELAY_MILLISECONDS = 30
const TABLES = 1_000

/** No peer renames. */
export const names: Benchmark = {
  name: 'names',
  title: 'Other names, 60 ms away',
  run: async ({ stage, rounds, lanes, log }) => {
    const source = await makeDatabase(stage.source, 'names', smallTables(TABLES), settled)
    const relay = await startRelay(stage.destination.port, DELAY_MILLISECONDS)
    const plain = sampan({ lanes, name: 'as they are' })
    const upper = sampan({ lanes, name: '"names": { "case": "upper" }', names: { case: 'upper' } })
    try {
      // By names that the source does not have, nobody counts what has arrived as for others: Sampan's own comparison does.
      const options = { stage, source, through: relay.port, whole: false, rounds, log }
      const results = await runRounds({ ...options, contenders: [plain, upper] })
      return `${TABLES.toLocaleString('en')} tables of 100 rows, a key and an index each; every schema, table and column is renamed. The destination stands behind a relay that delays every byte by ${DELAY_MILLISECONDS} ms each way.

${table(results, [wall, cpu, destinationCpu], plain.name)}`
    } finally {
      relay.close()
    }
  },
}
