import { type Costs, estimate, type Migration, type Prices, readPrices } from '../lambdas/core/present/costs.ts'
import { dayOfALongCopy, standing } from './costs.ts'
import { type MadePage, row, write } from './made-page.ts'

/** The cases the page shows; the first is what people ask for. */
export const CASES: readonly Migration[] = [
  { gigabytes: 100, chunkMegabytes: 256, megabytesPerSecond: 15, lanes: 16, memory: 1024 },
  { gigabytes: 100, chunkMegabytes: 256, megabytesPerSecond: 10, lanes: 4, memory: 1024 },
  { gigabytes: 1000, chunkMegabytes: 256, megabytesPerSecond: 15, lanes: 32, memory: 1024 },
]

/**
 * Alarms of the stack (one is of two metrics), metrics that there are whenever anything is logged, and secrets of one source, one
 * destination and Alibaba Cloud.
 */
export const STANDING = { alarms: 14, alarmMetrics: 15, metrics: 6, secrets: 3 }

const dollars = (amount: number) => (amount < 1 ? amount.toFixed(3) : amount.toFixed(2))

/** The tables of docs/costs.md. */
function costTables(prices: Prices): string {
  const costs = CASES.map((one) => estimate(prices, one))
  const line = (name: string, cell: (costs: Costs, index: number) => string) => row(name, ...costs.map(cell))
  const month = standing(prices, STANDING)
  return [
    row('', ...CASES.map(({ gigabytes, lanes }) => `${gigabytes.toLocaleString('en')} GB, ${lanes} lanes`)),
    row('---', ...CASES.map(() => '---:')),
    line('assumed speed of a lane', (_, index) => `${CASES[index]?.megabytesPerSecond} MB/s`),
    line('chunks', ({ chunks }) => chunks.toLocaleString('en')),
    line('copying and comparing', ({ hours }) => `${hours.toFixed(1)} h`),
    line('Lambda', ({ lambda }) => dollars(lambda)),
    line('Step Functions', ({ stepFunctions }) => dollars(stepFunctions)),
    line('NAT gateway, in and out', ({ nat }) => dollars(nat)),
    line('AWS, from the source to the workers', ({ regional }) => dollars(regional)),
    line('AWS egress', ({ egress }) => dollars(egress)),
    line('metrics', ({ metrics }) => dollars(metrics)),
    line('**in all**, with a public source', ({ total }) => `**${dollars(total)}**`),
    line('in all, with a private one in reach', ({ joined }) => dollars(joined)),
    line('of it Sampan’s own', ({ lambda, stepFunctions, metrics }) => dollars(lambda + stepFunctions + metrics)),
    '',
    row('Price', 'US dollars', 'per', 'basis'),
    row('---', '---:', '---', '---'),
    ...Object.entries(prices).flatMap(([name, value]) =>
      typeof value === 'string' ? [] : [row(`\`${name}\``, String(value.price), value.per, value.basis)],
    ),
    '',
    row('A day in the middle of a long copy', 'state transitions', 'US dollars'),
    row('---', '---:', '---:'),
    ...dayOfALongCopy().map(({ who, transitions }) =>
      row(who, transitions.toLocaleString('en'), dollars(transitions * prices.stepFunctionsTransition.price)),
    ),
    '',
    row('A month in which nothing is migrated', 'US dollars'),
    row('---', '---:'),
    row(`${STANDING.alarms} alarms, of ${STANDING.alarmMetrics} metrics`, dollars(month.alarms)),
    row(`${STANDING.metrics} custom metrics`, dollars(month.metrics)),
    row(`${STANDING.secrets} secrets`, dollars(month.secrets)),
    row('the sweep, every 15 minutes', dollars(month.sweep)),
    row('**in all**', `**${dollars(month.total)}**`),
    row('with `network: "create"`: its NAT gateway and address, beside that', dollars(month.nat)),
  ].join('\n')
}

/** docs/costs.md. */
export const costsPage: MadePage = { page: 'costs.md', make: () => costTables(readPrices()) }

if (import.meta.main) write(costsPage)
