/**
 * `npm start`: the whole workflow on this machine, from one real PostgreSQL to another, with the clouds around them played
 * by small fakes. Nothing of it is special to the demo but the scene: the same state machine, handlers and display as
 * `sampan run`.
 */
import { join, relative, resolve } from 'node:path'
import { styleText } from 'node:util'
import { writePrivately } from '../lambdas/core/runtime/private-files.ts'
import { readTask } from '../lambdas/core/task/problems.ts'
import { type Scene, setScene } from './demo/scene.ts'
import { newExecutionName } from './execution-name.ts'
import { exitStatus } from './exit-status.ts'
import { onInterrupt } from './interrupt.ts'
import { makeOutDirectory } from './out-directory.ts'
import { printError } from './problem-text.ts'
import { formatNumberOf } from './progress/units.ts'
import { runTask } from './run-task.ts'
import { printOutcome } from './summary/print.ts'
import { endRunOnUnexpected, guardProcess } from './unexpected.ts'

const directory = resolve('out')
const say = (text: string) => void process.stdout.write(`${text}\n`)

for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

guardProcess()

// Before the run there is nothing to close but our own servers: they go with the process, whatever ends it.
const stopping = new AbortController()
let leave: () => void = () => process.exit(exitStatus.stopped)
const release = onInterrupt(() => leave())

let scene: Scene | null = null
try {
  scene = await setScene(say)
  leave = () => stopping.abort()
  const wasUnexpected = endRunOnUnexpected(() => leave())
  const status = await play(scene)
  process.exitCode = wasUnexpected() ? exitStatus.failed : status
} catch (thrown) {
  printError(thrown)
  process.exitCode = exitStatus.failed
} finally {
  await scene?.stop()
  release()
}

/** Runs the demo's task and shows that everything is as it was but for the data. */
async function play({ sample, task: input, environment, access }: Scene): Promise<number> {
  delete process.env.AWS_SESSION_TOKEN
  Object.assign(process.env, environment)
  const { task, problems } = readTask(input)
  if (task === null) throw new Error(`the demo’s task is wrong: ${JSON.stringify(problems)}`)
  await makeOutDirectory(directory)
  await writePrivately(directory, join(directory, 'task.json'), `${JSON.stringify(input, null, 2)}\n`)
  const amount = `${formatNumberOf(sample.tables, 'table')}, ${formatNumberOf(sample.rows, 'row')}`
  say(`Migrating ${sample.database} (${amount}): ${relative(process.cwd(), directory)}/task.json\n`)

  const before = access()
  const executionName = newExecutionName(task.name)
  const { signal } = stopping
  const outcome = await runTask({ input, task, executionName, directory, display: 'auto', signal })
  await printOutcome(outcome, directory, 'text')
  if (access() !== before) {
    say(styleText('red', 'The security group or the whitelist is not as it was before the run.'))
    return outcome.exitStatus || exitStatus.failed
  }
  say('Security group and whitelist are exactly as before the run.')
  return outcome.exitStatus
}
