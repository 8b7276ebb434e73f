import { handler as copyLane } from '../../lambdas/copy/lane-handler.ts'
import { handler as summariseCopy } from '../../lambdas/copy/summary-handler.ts'
import type { StepEvent } from '../../lambdas/runtime/event.ts'
import { handler as keepSnapshot } from '../../lambdas/snapshot/handler.ts'
import { stepContext } from './events.ts'

/** One round of the copy: two keepers beside the lanes, as the workflow runs them. @param seconds a call has */
export async function copyRound(event: StepEvent, lanes: number, seconds = 60) {
  const keepers = [1, 2].map((lane) => keepSnapshot({ ...event, lane }, stepContext(seconds)))
  const results = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const answer = await copyLane({ ...event, lane }, stepContext(seconds))
      return { lane, verdict: answer.verdict, error: answer.error }
    }),
  )
  // The machine calls a lane until it has ended in one of three ways; a round of the tests calls it once.
  const ended = results.map(({ verdict, ...result }) => ({
    ...result,
    verdict: verdict === 'done' || verdict === 'failed' ? verdict : ('yield' as const),
  }))
  const summary = await summariseCopy({ ...event, results: ended }, stepContext())
  return { results, summary, keepers: await Promise.all(keepers) }
}
