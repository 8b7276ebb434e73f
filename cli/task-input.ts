import type { Command } from 'commander'
import { SampanError } from '../lambdas/core/runtime/errors.ts'
import { taskOfEnds } from './ends/task-of-ends.ts'
import { readTaskFile } from './task-file.ts'

/** The ends of a migration on the command line, instead of a task. */
export interface EndOptions {
  readonly from?: string
  readonly to?: string
  /** Codes of the precheck, in `precheck.acknowledge` of the task. */
  readonly acknowledge?: readonly string[]
}

/** Adds the options that stand for a task. */
export function withEndOptions(command: Command): Command {
  return command
    .option('--from <url>', 'the source, instead of a task: postgres://user@host:5432/database, or service=NAME')
    .option('--to <url>', 'the destination, in the same form; its database is that of --from if none is named')
    .option('--acknowledge <code...>', 'with --from and --to: warnings of the precheck to go on with')
}

interface TaskInput {
  readonly input: unknown
  /** How errors call it. */
  readonly named: string
  /** The run’s name, where it was made here. */
  readonly name: string | null
}

/**
 * The task that a command is given: a file, standard input, or both ends.
 * @throws SampanError TASK_NOT_GIVEN, TASK_GIVEN_TWICE, TASK_END_MISSING, and those of readTaskFile and taskOfEnds
 */
export async function readTaskInput(
  path: string | undefined,
  { from, to, acknowledge }: EndOptions,
): Promise<TaskInput> {
  if (path !== undefined && (from ?? to ?? acknowledge) !== undefined) {
    throw new SampanError({
      code: 'TASK_GIVEN_TWICE',
      message: 'there is a task, and --from, --to or --acknowledge beside it',
      remedy: 'give either the task (which has precheck.acknowledge), or --from and --to',
    })
  }
  if (path !== undefined) return { input: await readTaskFile(path), named: path, name: null }
  if (from !== undefined && to !== undefined) {
    const input = await taskOfEnds(from, to, acknowledge)
    return { input, named: '--from and --to', name: input.name }
  }
  if (from !== undefined || to !== undefined) {
    throw new SampanError({
      code: 'TASK_END_MISSING',
      message: `${from === undefined ? '--from' : '--to'} is missing`,
      remedy: 'give both ends: --from postgres://user@host/database --to postgres://user@host/database',
    })
  }
  throw new SampanError({
    code: 'TASK_NOT_GIVEN',
    message: 'no task is given',
    remedy: 'give its file, - for standard input, or --from postgres://… --to postgres://…; sampan init writes one',
  })
}
