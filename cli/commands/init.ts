import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import { isRecord } from '../../lambdas/core/task/rule.ts'
import { askTask } from '../init/ask-task.ts'
import { withTerminal } from '../init/terminal.ts'
import { refuseTask } from '../problem-text.ts'
import { type EndOptions, readTaskInput, withEndOptions } from '../task-input.ts'

export function initCommand(): Command {
  return withEndOptions(new Command('init'))
    .description('Ask for both ends and write a task. Passwords are not asked for, and never written.')
    .argument('[file]', 'where the task is written', 'task.json')
    .action(async (file: string, options: EndOptions) => {
      if (existsSync(file)) throw exists(file)
      const isGiven = options.from !== undefined || options.to !== undefined
      const task = isGiven ? withoutPasswords((await readTaskInput(undefined, options)).input) : await ask()
      const { problems } = readTask(task)
      if (problems.length > 0) {
        refuseTask(problems, 'the task')
        return
      }
      await write(file, task)
      process.stdout.write(`${nextSteps(file, task)}\n`)
    })
}

function ask(): Promise<Record<string, unknown>> {
  return withTerminal((question) => askTask(question, (line) => process.stdout.write(`${line}\n`)))
}

/** A password that was typed for psql is not kept in a file: the task names the variable to put it into. */
function withoutPasswords(task: unknown): Record<string, unknown> {
  const written: Record<string, unknown> = { ...(isRecord(task) ? task : {}) }
  for (const side of ['source', 'destination']) {
    const fields = written[side]
    if (!isRecord(fields)) continue
    const { password, tls, ...rest } = fields
    const byCertificate = password === undefined && isRecord(tls) && tls.certificate !== undefined
    written[side] = {
      ...rest,
      ...(byCertificate ? {} : { secret: `env:${side.toUpperCase()}_PASSWORD` }),
      ...(isRecord(tls) && Object.keys(tls).length > 0 ? { tls } : {}),
    }
  }
  return written
}

/** @throws SampanError INIT_FILE_EXISTS, INIT_NOT_WRITABLE */
async function write(file: string, task: object): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(task, null, 2)}\n`, { flag: 'wx' })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    if (code === 'EEXIST') throw exists(file)
    throw new SampanError({
      code: 'INIT_NOT_WRITABLE',
      message: `${file} cannot be written (${code})`,
      remedy: 'give another file: sampan init FILE',
      cause,
    })
  }
}

function exists(file: string): SampanError {
  return new SampanError({
    code: 'INIT_FILE_EXISTS',
    message: `${file} is there already, and stays as it is`,
    remedy: 'give another file: sampan init FILE',
  })
}

function nextSteps(file: string, task: Record<string, unknown>): string {
  const variables = ['source', 'destination'].flatMap((side) => {
    const fields = task[side]
    const [, variable] = (isRecord(fields) && /^env:(.*)$/.exec(String(fields.secret))) || []
    return variable === undefined ? [] : [variable]
  })
  const first = variables.length === 0 ? '' : `, put the passwords into ${variables.join(' and ')}`
  return `${file} is written. Look at it${first}, and then:\n  sampan validate ${file}\n  sampan run ${file}`
}
