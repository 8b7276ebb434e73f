import type { FunctionName } from '../statemachine/functions.ts'
import type { LambdaHandler } from './interpreter/calls.ts'

/** Where each function's handler is: the very modules that are deployed. Loaded when a run begins, not for `--help`. */
const modules: Readonly<Record<FunctionName, () => Promise<{ readonly handler: LambdaHandler }>>> = {
  ReadTaskFunction: () => import('../lambdas/stages/read-task/handler.ts'),
  OpenAccessFunction: () => import('../lambdas/stages/access/open-handler.ts'),
  PrecheckFunction: () => import('../lambdas/stages/precheck/handler.ts'),
  TakeDatabaseFunction: () => import('../lambdas/stages/read-task/take-database-handler.ts'),
  PlanObjectsFunction: () => import('../lambdas/stages/schema/plan-handler.ts'),
  PlanCopyFunction: () => import('../lambdas/stages/copy/plan/plan-handler.ts'),
  CreateObjectsFunction: () => import('../lambdas/stages/schema/create-handler.ts'),
  KeepSnapshotFunction: () => import('../lambdas/stages/snapshot/handler.ts'),
  CopyLaneFunction: () => import('../lambdas/stages/copy/lane/lane-handler.ts'),
  SummariseCopyFunction: () => import('../lambdas/stages/copy/lane/summary-handler.ts'),
  FollowFunction: () => import('../lambdas/stages/follow/handler.ts'),
  BuildIndexesFunction: () => import('../lambdas/stages/schema/index-handler.ts'),
  SummariseIndexesFunction: () => import('../lambdas/stages/schema/summary-handler.ts'),
  LinkObjectsFunction: () => import('../lambdas/stages/schema/link-handler.ts'),
  SyncSequencesFunction: () => import('../lambdas/stages/schema/sequences-handler.ts'),
  AnalyzeFunction: () => import('../lambdas/stages/schema/analyze-handler.ts'),
  PlanValidationFunction: () => import('../lambdas/stages/validate/plan-handler.ts'),
  ValidateLaneFunction: () => import('../lambdas/stages/validate/lane-handler.ts'),
  SummariseValidationFunction: () => import('../lambdas/stages/validate/summary-handler.ts'),
  SealFunction: () => import('../lambdas/stages/validate/seal-handler.ts'),
  ReportFunction: () => import('../lambdas/stages/report/handler.ts'),
  CloseAccessFunction: () => import('../lambdas/stages/access/close-handler.ts'),
  FinishReportFunction: () => import('../lambdas/stages/report/finish-handler.ts'),
  KeepErrorFunction: () => import('../lambdas/stages/report/keep-error-handler.ts'),
  JudgeCrashFunction: () => import('../lambdas/core/runtime/judge-handler.ts'),
}

export type Handlers = Readonly<Record<FunctionName, LambdaHandler>>

/** The handlers of all functions of the workflow. */
export async function loadHandlers(): Promise<Handlers> {
  const names = Object.keys(modules) as FunctionName[]
  const loaded = await Promise.all(names.map(async (name) => [name, (await modules[name]()).handler] as const))
  return Object.fromEntries(loaded) as Handlers
}
