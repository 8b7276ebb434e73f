import type { StepTools } from './step-handler.ts'

/** What is kept back of a call's time for what is under way. */
const RESERVE_MILLISECONDS = 60_000

/** Is there time for another piece of the step's work? Of a short call three quarters are used. */
export function timeKeeper(step: Pick<StepTools, 'signal' | 'remainingMilliseconds'>): () => boolean {
  const reserve = Math.min(RESERVE_MILLISECONDS, step.remainingMilliseconds() / 4)
  return () => !step.signal.aborted && step.remainingMilliseconds() > reserve
}
