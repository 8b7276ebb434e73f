import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Contender } from './contenders/contender.ts'
import type { Measure } from './measure.ts'
import { ask, type Database, makeDatabase, type Stage } from './stage.ts'

export interface Rounds {
  readonly stage: Stage
  readonly source: Database
  readonly contenders: readonly Contender[]
  readonly rounds: number
  /** Where a contender reaches the destination instead, for distance. */
  readonly through?: number
  /** False where a contender copies a part only. @default true */
  readonly whole?: boolean
  readonly log: (line: string) => void
}

/** The measures of a contender, round by round. */
export interface Result {
  readonly name: string
  readonly measures: readonly Measure[]
}

/** Every contender once in each round, side by side in time, each into a new database. Every second round goes backwards. */
export async function runRounds(options: Rounds): Promise<Result[]> {
  const { contenders, source, log } = options
  const measures = contenders.map((): Measure[] => [])
  for (let round = 0; round < options.rounds; round += 1) {
    const order = contenders.map((_, index) => index)
    for (const index of round % 2 === 0 ? order : order.toReversed()) {
      const contender = contenders[index]
      if (contender === undefined) continue
      const measured = await runOne(options, contender)
      measures[index]?.push(measured)
      log(`  ${source.name}, round ${round + 1}: ${contender.name} ${measured.wall.toFixed(2)} s`)
    }
  }
  return contenders.map(({ name }, index) => ({ name, measures: measures[index] ?? [] }))
}

async function runOne(options: Rounds, contender: Contender): Promise<Measure> {
  const { stage, source } = options
  const destination = await makeDatabase(stage.destination, source.name)
  // What the last one has left to be written must not be this one's load.
  await Promise.all([ask(source, 'CHECKPOINT'), ask(destination, 'CHECKPOINT')])
  const far = options.through === undefined ? destination : { ...destination, port: options.through }
  const directory = await mkdtemp(join(tmpdir(), 'sampan-bench-'))
  await chmod(directory, 0o755)
  try {
    const measured = await contender.run({ source, destination, far, directory })
    if (options.whole ?? true) await expectWhole(source, destination, contender.name)
    return measured
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const INVENTORY = `
  SELECT (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'i', 'S')) AS relations,
         (SELECT count(*) FROM pg_constraint c WHERE c.connamespace = n.oid AND c.convalidated) AS constraints,
         (SELECT sum((xpath('//n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), false, true, '')))[1]::text::bigint)
            FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind = 'r') AS rows
    FROM pg_namespace n WHERE n.nspname = 'public'`

/** A contender that leaves something out is no peer. */
async function expectWhole(source: Database, destination: Database, name: string): Promise<void> {
  const [there, here] = await Promise.all([ask(source, INVENTORY), ask(destination, INVENTORY)])
  if (JSON.stringify(there) !== JSON.stringify(here)) {
    throw new Error(`${name} has made ${JSON.stringify(here)} of ${JSON.stringify(there)}`)
  }
}
