import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { askDecision, withdrawDecision } from '../../lambdas/core/ledger/cutover.ts'
import { isFollowed } from '../../lambdas/core/ledger/other-start.ts'
import { readPresence } from '../../lambdas/core/ledger/presence.ts'
import { readStream, requestCutover, type StreamRow, withdrawCutover } from '../../lambdas/core/ledger/stream.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { openDestination } from '../../lambdas/core/postgres/sessions.ts'
import { bytesText, numberOf } from '../../lambdas/core/present/units.ts'
import { visible } from '../../lambdas/core/present/visible.ts'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { type Endpoint, eventAt } from '../../lambdas/core/runtime/event.ts'
import { findDestination } from '../../lambdas/stages/copy/pace/change-run.ts'
import { hidePasswords } from '../passwords.ts'
import { readTaskOrRefuse } from '../read-task.ts'
import { readTaskFile } from '../task-file.ts'
import { toEndpoint } from './limits.ts'

const POLL_MILLISECONDS = 300
const TELL_MILLISECONDS = 5_000
const GRACE_MILLISECONDS = 5_000

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
      const open: Session[] = []
      try {
        const followed: Followed[] = []
        for (const database of task.databases) {
          const event = eventAt(at, { task, database, execution: 'cutover' })
          const session = await openDestination(event, process.env, { purpose: 'cutover' })
          open.push(session)
          followed.push({ name: database.name, session })
        }
        await cutOver(followed, task.name, options.look ?? false)
      } finally {
        await Promise.all(open.map((session) => session.close()))
      }
    })
}

interface Followed {
  readonly name: string
  readonly session: Session
}

/**
 * Has the followers of all databases cut over, and waits until every change is there.
 * @param grace milliseconds that nobody may be seen to follow: between two calls of Follow there is no session of it
 * @throws SampanError RUN_NOT_FOLLOWING, CUTOVER_WITHDRAWN; nothing is asked for any more then, where that can be taken back
 */
export async function cutOver(
  databases: readonly Followed[],
  run: string,
  look: boolean,
  grace: number = GRACE_MILLISECONDS,
): Promise<void> {
  const several = databases.length > 1
  const titleOf = (name: string) => (several ? `${run}, ${name}` : run)
  const rows = new Map<string, StreamRow | null>()
  for (const { name, session } of databases) {
    const known = (await readPresence(session, run)).run !== null
    const row = known ? await readStream(session, run) : null
    rows.set(name, row)
    process.stdout.write(`${several ? `${visible(name)}: ` : ''}${describe(row)}\n`)
  }
  if (look) return
  for (const [name, row] of rows) if (row?.state !== 'open') throw notFollowing(titleOf(name), row)
  const watches = databases.map((each) => ({ ...each, isAlone: watchFollower(each.session, run, grace) }))
  for (const { name, session, isAlone } of watches) {
    while (!(await isFollowed(session, run))) {
      if (await isAlone()) throw nobodyFollows(titleOf(name))
      await sleep(POLL_MILLISECONDS)
    }
  }
  const [first] = databases
  // One decision for all, before any of them is asked.
  if (several && first !== undefined) await askDecision(first.session, run, databases.length)
  for (const { name, session } of databases) {
    if (!(await requestCutover(session, run))) {
      if (several && first !== undefined)
        await withdrawDecision(first.session, run, `${name}: its rows are not all copied yet`)
      throw notFollowing(titleOf(name), rows.get(name) ?? null)
    }
  }
  process.stdout.write('asked for the cutover: waiting for the last changes\n')
  for (const { name, session, isAlone } of watches) {
    if (await arrived(session, run, several ? `${visible(name)}: ` : '', isAlone)) continue
    const error = nobodyFollows(titleOf(name))
    const agreed =
      several && first !== undefined && (await withdrawDecision(first.session, run, error.message))?.state === 'agreed'
    // What all have agreed to is done by the next start.
    if (!agreed) for (const each of databases) await withdrawCutover(each.session, run, error.message)
    throw error
  }
  process.stdout.write(
    'every change is at the destination: keys, triggers, sequences and the comparison follow in the run itself; let the application write there when it has succeeded\n',
  )
}

/** Waits, and says how far it is. @returns false where nobody follows any more */
async function arrived(
  session: Session,
  run: string,
  prefix: string,
  isAlone: () => Promise<boolean>,
): Promise<boolean> {
  let told = { at: performance.now(), text: '' }
  for (;;) {
    const now = await readStream(session, run)
    if (now?.withdrawn !== null && now?.withdrawn !== undefined) throw withdrawn(now.withdrawn)
    if (now?.state === 'arrived' || (await readPresence(session, run)).run?.state === 'sealed') return true
    if (now?.state !== 'open') throw notFollowing(run, now)
    if (await isAlone()) return false
    const text = `${prefix}${describe(now)}\n`
    if (performance.now() - told.at > TELL_MILLISECONDS && text !== told.text) {
      process.stdout.write(text)
      told = { at: performance.now(), text }
    }
    await sleep(POLL_MILLISECONDS)
  }
}

/** @returns whether nobody has been seen to follow for so many milliseconds; to be asked often */
function watchFollower(session: Session, run: string, grace: number): () => Promise<boolean> {
  let seen: number | null = null
  return async () => {
    const now = performance.now()
    if (seen === null || (await isFollowed(session, run))) seen = now
    return now - seen > grace
  }
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

function nobodyFollows(title: string): SampanError {
  return new SampanError({
    code: 'RUN_NOT_FOLLOWING',
    message: `${title} cannot be cut over now: nobody applies its changes at the moment`,
    remedy:
      'wait until the run says that it follows (its indexes come first), or start the task again where nobody works for it; let the writers go on until then',
  })
}

function withdrawn(why: string): SampanError {
  return new SampanError({
    code: 'CUTOVER_WITHDRAWN',
    message: `the cutover was given up, and following goes on: ${why}`,
    remedy: 'stop what is named, and give the command again',
  })
}
