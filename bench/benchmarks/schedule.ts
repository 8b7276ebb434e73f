import { join } from 'node:path'
import { connect, type Session } from '../../lambdas/core/postgres/connect.ts'
import { dataDirectory } from '../../local/servers/directory.ts'
import { cpuOf } from '../growth/backend-cpu.ts'
import { type ModelTable, modelSeconds, type Policy } from '../schedule/model.ts'
import { makeDatabase } from '../stage.ts'
import { markdown } from '../table.ts'
import type { Bench, Benchmark } from './benchmark.ts'

const CORES = [2, 4, 8]
const POLICIES: readonly (readonly [string, Policy])[] = [
  ['largest chunk first, ANALYZE at the end', { copy: 'bytes', analyze: 'end', parallelIndexes: false }],
  ['longest tail first', { copy: 'tail', analyze: 'end', parallelIndexes: false }],
  ['… and ANALYZE behind the rows', { copy: 'tail', analyze: 'rows', parallelIndexes: false }],
  ['… and parallel indexes', { copy: 'tail', analyze: 'rows', parallelIndexes: true }],
  ['largest chunk first, with both of these', { copy: 'bytes', analyze: 'rows', parallelIndexes: true }],
]
/** Millions of rows. */
const SHAPES: readonly (readonly [string, readonly { readonly rows: number; readonly indexes: number }[]])[] = [
  ['ten tables of 10 M rows, three indexes each', Array.from({ length: 10 }, () => ({ rows: 10, indexes: 3 }))],
  [
    'one of 50 M rows without an index, one of 30 M with three',
    [
      { rows: 50, indexes: 0 },
      { rows: 30, indexes: 3 },
    ],
  ],
  ['one of 100 M rows, five indexes', [{ rows: 100, indexes: 5 }]],
]
const ROWS_OF_CHUNK = 4

/** What the order of a run's work gives on a destination of so many cores: a model over costs measured here. */
export const schedule: Benchmark = {
  name: 'schedule',
  title: 'The order of a run, modelled',
  run: async (bench) => {
    const costs = await measureCosts(bench)
    const blocks = SHAPES.map(([title, shape]) => {
      const tables = shape.map((one) => modelTable(one, costs))
      const lines = POLICIES.map(([name, policy]) => [
        name,
        ...CORES.map((cores) => modelSeconds(tables, policy, { cores, lanes: cores }).toFixed(1)),
      ])
      return markdown([`${title}: seconds`, ...CORES.map((cores) => `${cores} cores`)], lines)
    })
    return `Seconds by a model in which nothing but the destination's processors is waited for; as many lanes for copies, and for what comes behind them, as it has cores. Measured for a million rows: COPY ${costs.copy.toFixed(2)} s, an index ${costs.index.toFixed(2)} s, ANALYZE ${costs.analyze.toFixed(2)} s whatever the size.

${blocks.join('\n\n')}`
  },
}

interface Costs {
  readonly copy: number
  readonly index: number
  readonly analyze: number
}

function modelTable({ rows, indexes }: { readonly rows: number; readonly indexes: number }, costs: Costs): ModelTable {
  const chunks = Math.ceil(rows / ROWS_OF_CHUNK)
  // A sort grows a little faster than its rows.
  const index = costs.index * rows * (1 + Math.log2(Math.max(1, rows)) / 20)
  return {
    chunks,
    copyOfChunk: (costs.copy * rows) / chunks,
    indexes: Array.from({ length: indexes }, () => index),
    analyze: costs.analyze,
  }
}

/** Seconds of the destination's processor for a million rows; the COPY's rows come out of a file that the server has. */
async function measureCosts({ stage, scale }: Bench): Promise<Costs> {
  const { name, ...address } = await makeDatabase(stage.destination, 'schedule')
  const session = await connect({
    ...{ side: 'destination', ...address, database: name, tls: false, applicationName: 'bench' },
    settings: { max_parallel_maintenance_workers: '0' },
  })
  try {
    // Goes with the server.
    const file = join(dataDirectory(stage.destination.directory), 'bench-rows')
    const rows = Math.round(1_000_000 * scale)
    const of = async (sql: string) => (await cpuOf(session, 1, () => session.execute(sql))) / 1000
    await session.execute(
      `CREATE TABLE public.large (id bigint, region integer, code text, amount numeric(12,2), at timestamptz)`,
    )
    await fill(session, rows, file)
    await session.execute(`TRUNCATE public.large`)
    const copy = await of(`COPY public.large FROM '${file}' (FORMAT binary)`)
    const index =
      (await of('CREATE INDEX ON public.large (id)')) + (await of('CREATE INDEX ON public.large (at, region)'))
    const analyze = await of('ANALYZE public.large')
    return { copy: copy / scale, index: index / 2 / scale, analyze }
  } finally {
    await session.close()
  }
}

function fill(session: Session, rows: number, file: string): Promise<void> {
  return session.execute(`INSERT INTO public.large SELECT n, n % 1000, md5(n::text), n * 1.37 % 100000, timestamptz '2020-01-01 UTC' + n % 977 * interval '1 hour'
    FROM generate_series(1, ${rows}) n; COPY public.large TO '${file}' (FORMAT binary)`)
}
