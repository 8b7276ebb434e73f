import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { readPresence } from '../../lambdas/core/ledger/presence.ts'
import { readStream, requestCutover, type StreamRow } from '../../lambdas/core/ledger/stream.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { openDestination } from '../../lambdas/core/postgres/sessions.ts'
import { bytesText, numberOf } from '../../lambdas/core/present/units.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { type Endpoint, eventAt } from '../../lambdas/core/runtime/event.ts'
import { findDestination } from '../../lambdas/stages/copy/pace/change-run.ts'
import { hidePasswords } from '../passwords.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { readTaskFile } from '../task-file.ts'
import { toEndpoint } from './limits.ts'

const POLL_MILLISECONDS = 300

export function cutoverCommand(): Command {
  return new Command('cutover')
    .description(
      'Have a run that follows its source end: give it when the writers of the source are stopped. What is still written to is named, and following goes on.',
    )
    .argument('<task>', 'the task of the run, or - for standard input')
    .option('--at <host:port>', 'where the destination answers; default: as the task says', toEndpoint)
    .option('--look', 'only say how far the run is behind the source')
    .action(async (path: string, options: { at?: Endpoint; look?: boolean }) => {
      const { task: input, variables } = hidePasswords(await readTaskFile(path))
      const task = readTaskOrRefuse(input, path)
      if (task === null) return
      Object.assign(process.env, variables)
      const at = options.at ?? (await findDestination(task, process.env))
      const [database = null] = task.databases
      const event = eventAt(at, { task, database, execution: 'cutover' })
      const session = await openDestination(event, process.env, { purpose: 'cutover' })
      try {
        await cutOver(session, task.name, options.look ?? false)
      } finally {
        await session.close()
      }
    })
}

async function cutOver(session: Session, run: string, look: boolean): Promise<void> {
  const known = (await readPresence(session, run)).run !== null
  const row = known ? await readStream(session, run) : null
  process.stdout.write(`${describe(row)}\n`)
  if (look) return
  if (!known || !(await requestCutover(session, run))) throw notFollowing(run, row)
  process.stdout.write('asked for the cutover: waiting for the last changes\n')
  for (;;) {
    await sleep(POLL_MILLISECONDS)
    const now = await readStream(session, run)
    if (now?.withdrawn !== null && now?.withdrawn !== undefined) throw withdrawn(now.withdrawn)
    if (now?.state === 'open') continue
    if (now?.state === 'arrived' || now?.closedBecause === null) break
    throw notFollowing(run, now)
  }
  process.stdout.write(
    'every change is at the destination: keys, triggers, sequences and the comparison follow in the run itself; let the application write there when it has succeeded\n',
  )
}

function describe(row: StreamRow | null): string {
  if (row === null) return 'follows nothing'
  const behind = row.behind === null ? '' : `, ${bytesText(Math.max(0, row.behind))} of WAL behind the source`
  const kept = row.retained === null ? '' : `, which keeps ${bytesText(row.retained)} for it`
  return `${row.state}: ${numberOf(row.changes, 'change')} applied${behind}${kept}`
}

function notFollowing(run: string, row: StreamRow | null): SampanError {
  const why =
    row?.closedBecause ??
    (row === null ? 'it follows nothing' : `it is ${row.state}, and its rows may not all be copied yet`)
  return new SampanError({
    code: 'RUN_NOT_FOLLOWING',
    message: `${run} cannot be cut over now: ${why}`,
    remedy: 'wait until the run says that it follows, or start it; see the report of a run that has ended',
  })
}

function withdrawn(why: string): SampanError {
  return new SampanError({
    code: 'CUTOVER_WITHDRAWN',
    message: `the cutover was given up, and following goes on: ${why}`,
    remedy: 'stop what is named, and give the command again',
  })
}
