/**
 * The benchmarks, peers side by side. Prints tables and writes them into docs/performance.md.
 *
 *     npm run bench -- [all | whole | ten | indexes | toast | rows | small | distance | names | validation | lanes | follow | growth | schedule]… [--rounds N] [--scale S] [--lanes N]
 *       [--peers all|fastest] [--servers tuned|defaults|managed|memory]
 */
import { parseArgs } from 'node:util'
import { indexes, ten, wideRows } from './benchmarks/alone.ts'
import type { Benchmark } from './benchmarks/benchmark.ts'
import { distance } from './benchmarks/distance.ts'
import { follow } from './benchmarks/follow.ts'
import { growth } from './benchmarks/growth.ts'
import { lanes } from './benchmarks/lanes.ts'
import { names } from './benchmarks/names.ts'
import { rows } from './benchmarks/rows.ts'
import { schedule } from './benchmarks/schedule.ts'
import { small } from './benchmarks/small.ts'
import { validation } from './benchmarks/validation.ts'
import { whole } from './benchmarks/whole.ts'
import { writeSection } from './document.ts'
import { machineFacts, requirePeers } from './machine.ts'
import { openStage, serversOf } from './stage.ts'

const benchmarks: readonly Benchmark[] = [
  whole,
  ten,
  indexes,
  wideRows,
  rows,
  small,
  distance,
  names,
  validation,
  lanes,
  follow,
  growth,
  schedule,
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '0.2' },
    lanes: { type: 'string', default: '2' },
    // The slow peers of the distance take twenty minutes.
    peers: { type: 'string', default: 'all' },
    servers: { type: 'string', default: 'tuned' },
  },
})
const unknown = positionals.filter((name) => name !== 'all' && benchmarks.every((one) => one.name !== name))
if (unknown.length > 0) throw new Error(`no such benchmark: ${unknown.join(', ')}`)
const all = positionals.length === 0 || positionals.includes('all')
const chosen = benchmarks.filter(({ name }) => all || positionals.includes(name))
const [rounds, scale, laneCount] = [Number(values.rounds), Number(values.scale), Number(values.lanes)]
const log = (line: string) => void process.stderr.write(`${line}\n`)

/** These have no program beside them that would have to be installed. */
const alone = new Set([follow.name, growth.name, names.name, schedule.name])
const besidePeers = chosen.some(({ name }) => !alone.has(name))
if (besidePeers) requirePeers()
const stage = await openStage(serversOf(values.servers))
try {
  if (besidePeers) writeSection('machine', await machineFacts(stage))
  for (const { name, title, run } of chosen) {
    log(title)
    const text = await run({ stage, rounds, scale, lanes: laneCount, allPeers: values.peers === 'all', log })
    const command = `npm run bench -- ${name} --rounds ${rounds} --scale ${scale} --lanes ${laneCount}${values.peers === 'all' ? '' : ` --peers ${values.peers}`}${values.servers === 'tuned' ? '' : ` --servers ${values.servers}`}`
    const section = `## ${title}\n\n${text}\n\n\`${command}\`, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`
    process.stdout.write(`\n${section}\n\n`)
    writeSection(name, section)
  }
} finally {
  await stage.close()
}
