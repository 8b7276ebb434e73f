import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { measure } from '../measure.ts'
import { ask, type Database } from '../stage.ts'
import type { Contender, Round } from './contender.ts'

export interface SampanOptions {
  readonly name?: string
  readonly lanes: number
  /** @default full */
  readonly validation?: 'none' | 'full'
  readonly chunkMegabytes?: number
  /** @default the source's */
  readonly names?: TaskInput['databases'][number]['names']
  /** @default no TLS */
  readonly tls?: boolean
}

const command = fileURLToPath(new URL('../../cli/sampan.ts', import.meta.url))

/** `sampan run`, as its user runs it: the whole workflow in a process of its own. */
export function sampan(options: SampanOptions): Contender {
  return {
    name: options.name ?? `Sampan, ${options.lanes} lanes`,
    run: async (round) => {
      const task = join(round.directory, 'task.json')
      await writeFile(task, JSON.stringify(taskOf(round, options)))
      const measured = await measure(
        `'${process.execPath}' --no-warnings ${command} run ${task} --out ${round.directory}/out --quiet`,
        round.source,
        round.destination,
      )
      return { ...measured, more: await readStages(round.destination) }
    },
  }
}

function taskOf({ source, far }: Round, options: SampanOptions): TaskInput {
  const mode = options.tls ? ('require' as const) : ('disable' as const)
  const side = ({ host, port, user, password }: Database) => ({ host, port, user, password, tls: { mode } })
  return {
    name: `bench-${randomBytes(4).toString('hex')}`,
    source: side(source),
    destination: side(far),
    databases: [{ name: source.name, as: far.name, ...(options.names === undefined ? {} : { names: options.names }) }],
    lanes: options.lanes,
    validation: { mode: options.validation ?? 'full' },
    access: { dtsCidrs: 'none' },
    ...(options.chunkMegabytes === undefined ? {} : { chunkMegabytes: options.chunkMegabytes }),
  }
}

/** Seconds, by the ledger: rows under way, and reading the destination for the comparison. */
async function readStages(destination: Database): Promise<Record<string, number>> {
  const [row] = await ask(
    destination,
    `SELECT EXTRACT(epoch FROM max(c.finished_at) - min(c.finished_at - c.milliseconds * interval '1 ms'))::float8 AS copy,
            max(EXTRACT(epoch FROM r.sealed_at - r.validation_planned_at))::float8 AS validate
       FROM sampan.run r JOIN sampan.chunk c ON c.run = r.id`,
  )
  return { copy: Number(row?.copy ?? 0), validate: Number(row?.validate ?? 0) }
}
