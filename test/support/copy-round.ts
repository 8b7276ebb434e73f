import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { handler as copyLane } from '../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as summariseCopy } from '../../lambdas/stages/copy/lane/summary-handler.ts'
import { handler as keepSnapshot } from '../../lambdas/stages/snapshot/handler.ts'
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
