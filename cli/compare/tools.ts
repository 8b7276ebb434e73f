import type { Environment } from '../../lambdas/core/runtime/environment.ts'
import type { Pacing } from './pacing.ts'
import type { Progress } from './progress.ts'
import type { Question } from './question.ts'

/** What a comparison is made with. */
export interface Tools {
  readonly environment: Environment
  readonly question: Question
  readonly pacing: Pacing
  readonly progress: Progress
  readonly signal: AbortSignal
}
