import { once } from 'node:events'
import { join, relative, resolve } from 'node:path'
import { styleText } from 'node:util'
import { Command } from 'commander'
import { numberOf } from '../../lambdas/core/present/units.ts'
import { writePrivately } from '../../lambdas/core/runtime/private-files.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import { type Scene, setScene } from '../demo/scene.ts'
import { newExecutionName } from '../execution-name.ts'
import { exitStatus } from '../exit-status.ts'
import { onInterrupt } from '../interrupt.ts'
import { makeOutDirectory } from '../out-directory.ts'
import { runTask } from '../run-task.ts'
import { endEvent, printOutcome } from '../summary/print.ts'
import type { LivePage } from '../ui/live-page.ts'
import { type UiOptions, withPage, withUiOption } from '../ui/ui-options.ts'
import { endRunOnUnexpected } from '../unexpected.ts'

const say = (text: string) => void process.stdout.write(`${text}\n`)

export function demoCommand(): Command {
  const command = new Command('demo')
    .description(
      'Try it: a shop migrates between two PostgreSQL servers on this machine, with fakes of the clouds around them.',
    )
    .option('--out <directory>', 'where the report, the log and the documents of the run are written', 'out')
  return withUiOption(command).action(async ({ out, ...options }: { out: string } & UiOptions) => {
    process.exitCode = await withPage(options, async (page) => {
      const status = await demonstrate(resolve(out), page)
      if (page !== null && process.stdout.isTTY) await leaveOpen()
      return status
    })
  })
}

/** It takes seconds: whoever opens the page then still finds it. */
async function leaveOpen(): Promise<void> {
  say('The live page stays until Ctrl-C.')
  // A signal alone keeps no process alive.
  const alive = setInterval(() => {}, 60_000)
  await once(process, 'SIGINT')
  clearInterval(alive)
}

/**
 * The whole workflow on this machine. Nothing of it is special to the demo but the scene: the same state machine, handlers and
 * display as `sampan run`.
 */
async function demonstrate(directory: string, page: LivePage | null): Promise<number> {
  // Before the run there is nothing to close but our own servers: they go with the process, whatever ends it.
  const stopping = new AbortController()
  let leave: () => void = () => process.exit(exitStatus.stopped)
  const release = onInterrupt(() => leave())
  let scene: Scene | null = null
  try {
    scene = await setScene(say)
    leave = () => stopping.abort()
    const wasUnexpected = endRunOnUnexpected(() => leave())
    const status = await play(scene, directory, page, stopping.signal)
    return wasUnexpected() ? exitStatus.failed : status
  } finally {
    await scene?.stop()
    release()
  }
}

/** Runs the demo's task and shows that everything is as it was but for the data. */
async function play(scene: Scene, directory: string, page: LivePage | null, signal: AbortSignal): Promise<number> {
  const { sample, task: input, environment, access } = scene
  delete process.env.AWS_SESSION_TOKEN
  Object.assign(process.env, environment)
  const { task, problems } = readTask(input)
  if (task === null) throw new Error(`the demo’s task is wrong: ${JSON.stringify(problems)}`)
  await makeOutDirectory(directory)
  await writePrivately(directory, join(directory, 'task.json'), `${JSON.stringify(input, null, 2)}\n`)
  const amount = `${numberOf(sample.tables, 'table')}, ${numberOf(sample.rows, 'row')}`
  say(`Migrating ${sample.database} (${amount}): ${relative(process.cwd(), directory)}/task.json\n`)

  const before = access()
  const executionName = newExecutionName(task.name)
  const outcome = await runTask({ input, task, executionName, directory, display: 'auto', signal, page })
  page?.take(endEvent(outcome))
  await printOutcome(outcome, directory, 'text')
  if (access() !== before) {
    say(styleText('red', 'The security group or the whitelist is not as it was before the run.'))
    return outcome.exitStatus || exitStatus.failed
  }
  say('Security group and whitelist are exactly as before the run.')
  return outcome.exitStatus
}
