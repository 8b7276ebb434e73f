import { setTimeout as sleep } from 'node:timers/promises'
import { isFollowed } from '../../lambdas/core/ledger/other-start.ts'
import { readStream, requestCutover } from '../../lambdas/core/ledger/stream.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { openDestination } from '../../lambdas/core/postgres/sessions.ts'
import { eventAt } from '../../lambdas/core/runtime/event.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import type { SampleServer } from './sample.ts'
import type { Shop } from './shop.ts'

const POLL_MILLISECONDS = 200
/** So near, that what is missing is what was sold just now. */
const CAUGHT_UP_BYTES = 1024 * 1024
/** The shop goes on for so long while its changes follow: that is what there is to be seen. */
const SELLING_MILLISECONDS = 6_000

/**
 * What an operator does: waits until the run follows, closes the shop, and gives the word.
 * @param over the run has ended
 * @returns when the shop was closed, as `performance.now()`; `null` where the run ended before
 */
export async function conductCutover(
  task: Task,
  destination: SampleServer,
  shop: Shop,
  over: AbortSignal,
): Promise<number | null> {
  const [database = null] = task.databases
  const event = eventAt(destination, { task, database, execution: 'demo' })
  const rest = (milliseconds: number) => sleep(milliseconds, undefined, { signal: over }).catch(() => {})
  let session: Session | null = null
  try {
    while (!over.aborted) {
      session ??= await openDestination(event, process.env, { purpose: 'cutover', signal: over }).catch(() => null)
      if (session !== null && (await follows(session, task.name))) break
      await rest(POLL_MILLISECONDS)
    }
    await rest(SELLING_MILLISECONDS)
    if (over.aborted || session === null) return null
    await shop.close()
    const closed = performance.now()
    while (!over.aborted && (await readStream(session, task.name))?.state === 'open') {
      if ((await readStream(session, task.name))?.cutoverAt === null) await requestCutover(session, task.name)
      await rest(POLL_MILLISECONDS)
    }
    return over.aborted ? null : closed
  } catch (thrown) {
    // The run's end takes the session along.
    if (over.aborted) return null
    throw thrown
  } finally {
    await session?.close()
  }
}

async function follows(session: Session, run: string): Promise<boolean> {
  try {
    const row = await readStream(session, run)
    const near = row?.state === 'open' && row.behind !== null && row.behind < CAUGHT_UP_BYTES
    return near && (await isFollowed(session, run))
  } catch {
    // There is no ledger yet.
    return false
  }
}
