import { once } from 'node:events'
import { join, relative, resolve } from 'node:path'
import { styleText } from 'node:util'
import { Command } from 'commander'
import { numberOf } from '../../lambdas/core/present/units.ts'
import { writePrivately } from '../../lambdas/core/runtime/private-files.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import { conductCutover } from '../demo/cutover.ts'
import { type Scene, setScene } from '../demo/scene.ts'
import { countOrders, openShop, sellOne } from '../demo/shop.ts'
import { newExecutionName } from '../execution-name.ts'
import { exitStatus } from '../exit-status.ts'
import { onInterrupt } from '../interrupt.ts'
import { makeOutDirectory } from '../out-directory.ts'
import { runTask, type TaskOutcome } from '../run-task.ts'
import { endEvent, printOutcome } from '../summary/print.ts'
import type { LivePage } from '../ui/live-page.ts'
import { type UiOptions, withPage, withUiOption } from '../ui/ui-options.ts'
import { endRunOnUnexpected } from '../unexpected.ts'

const say = (text: string) => void process.stdout.write(`${text}\n`)

type DemoOptions = { out: string; follow?: boolean } & UiOptions

export function demoCommand(): Command {
  const command = new Command('demo')
    .description(
      'Try it: a shop migrates between two PostgreSQL servers on this machine, with fakes of the clouds around them.',
    )
    .option('--out <directory>', 'where the report, the log and the documents of the run are written', 'out')
    .option('--follow', 'the shop goes on selling while it moves, and is closed for the cutover alone')
  return withUiOption(command).action(async ({ out, follow, ...options }: DemoOptions) => {
    process.exitCode = await withPage(options, async (page) => {
      const status = await demonstrate(resolve(out), page, follow ?? false)
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
async function demonstrate(directory: string, page: LivePage | null, follow: boolean): Promise<number> {
  // Before the run there is nothing to close but our own servers: they go with the process, whatever ends it.
  const stopping = new AbortController()
  let leave: () => void = () => process.exit(exitStatus.stopped)
  const release = onInterrupt(() => leave())
  let scene: Scene | null = null
  try {
    scene = await setScene(say, follow)
    leave = () => stopping.abort()
    const wasUnexpected = endRunOnUnexpected(() => leave())
    const status = await play(scene, directory, page, stopping.signal, follow)
    return wasUnexpected() ? exitStatus.failed : status
  } finally {
    await scene?.stop()
    release()
  }
}

/** Runs the demo's task and shows that everything is as it was but for the data. */
async function play(
  scene: Scene,
  directory: string,
  page: LivePage | null,
  signal: AbortSignal,
  follow: boolean,
): Promise<number> {
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
  const run = (until: AbortSignal) =>
    runTask({ input, task, executionName, directory, display: 'auto', signal: until, page })
  const followed = follow ? await runWhileSelling(scene, task, signal, run) : null
  const outcome = followed?.outcome ?? (await run(signal))
  page?.take(endEvent(outcome))
  await printOutcome(outcome, directory, 'text')
  if (access() !== before) {
    say(styleText('red', 'The security group or the whitelist is not as it was before the run.'))
    return outcome.exitStatus || exitStatus.failed
  }
  say('Security group and whitelist are exactly as before the run.')
  if (followed?.closed == null || outcome.exitStatus !== exitStatus.done) return outcome.exitStatus
  return tellCutover(scene, followed.sold, followed.closed)
}

interface Followed {
  readonly outcome: TaskOutcome
  readonly sold: number
  /** Milliseconds that the shop was closed; `null` where it never came to that. */
  readonly closed: number | null
}

/** @param run the run, until it has ended or is stopped */
async function runWhileSelling(
  scene: Scene,
  task: Task,
  signal: AbortSignal,
  run: (until: AbortSignal) => Promise<TaskOutcome>,
): Promise<Followed> {
  const shop = await openShop(scene.source, scene.sample.database)
  const [over, broken] = [new AbortController(), new AbortController()]
  try {
    const cutover = conductCutover(task, scene.destination, shop, over.signal)
    // Nobody else gives the word.
    cutover.catch(() => broken.abort())
    const outcome = await run(AbortSignal.any([signal, broken.signal]))
    const ended = performance.now()
    over.abort()
    const began = await cutover
    return { outcome, sold: shop.sold, closed: began === null ? null : ended - began }
  } finally {
    over.abort()
    await shop.close()
  }
}

/** Opens the shop at the destination, and says what it was for. */
async function tellCutover({ source, destination, sample }: Scene, sold: number, closed: number): Promise<number> {
  const there = await countOrders(source, sample.database)
  const { order, orders } = await sellOne(destination, sample.database)
  if (orders !== there + 1) {
    say(styleText('red', `The source has ${there} orders, and the destination ${orders - 1}.`))
    return exitStatus.failed
  }
  say(`${numberOf(sold, 'order')} sold while the shop moved; both ends have all ${numberOf(there, 'order')}.`)
  say(
    `It was closed for ${(closed / 1000).toFixed(1)} s, until all of it was compared; the next order, ${order}, is sold at the destination.`,
  )
  return exitStatus.done
}
