import { sampan } from '../contenders/sampan.ts'
import { runRounds } from '../rounds.ts'
import { makeDatabase } from '../stage.ts'
import { cpu, destinationCpu, more, ratios, sourceCpu, spread, table, wall } from '../table.ts'
import { fullSize, settled, wide } from '../workloads/workloads.ts'
import type { Benchmark } from './benchmark.ts'
import { million } from './whole.ts'

/** What digests, TLS and the comparison cost, on one large table. */
export const validation: Benchmark = {
  name: 'validation',
  title: 'Validation, digests, TLS',
  run: async ({ stage, rounds, scale, lanes, log }) => {
    const source = await makeDatabase(stage.source, 'compared', wide(scale), settled)
    const full = sampan({ name: 'full validation', lanes })
    const none = sampan({ name: 'no validation', lanes, validation: 'none' })
    const tls = sampan({ name: 'no validation, TLS both ends', lanes, validation: 'none', tls: true })
    const results = await runRounds({ stage, source, contenders: [full, none, tls], rounds, log })
    const [one, other, encrypted] = results
    if (one === undefined || other === undefined || encrypted === undefined) throw new TypeError('no results')
    const copy = more('rows s', 'copy')
    const reading = one.measures.map(
      ({ more: stages }) => (stages.validate ?? Number.NaN) / (stages.copy ?? Number.NaN),
    )
    const added = one.measures.map(
      (measure, round) =>
        (measure.wall - (other.measures[round]?.wall ?? Number.NaN)) / (other.measures[round]?.more.copy ?? Number.NaN),
    )
    return `One table of ${million(fullSize.wide * scale)} wide mixed rows with its indexes. The source's digests are computed while the rows are copied, the destination's afterwards.

${table(results, [wall, copy, more('comparison s', 'validate'), cpu, sourceCpu, destinationCpu])}

- comparison after the copy, of the copy's time: ${spread(reading, 2)}
- all that full validation adds to the run, of the time of a copy without it: ${spread(added, 2)}
- rows with digests, of rows without: ${spread(ratios(one, other, copy), 2)}
- rows with TLS, of rows without: ${spread(ratios(encrypted, other, copy), 2)}`
  },
}
