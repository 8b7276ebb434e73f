import type { FunctionName } from '../statemachine/functions.ts'
import type { LambdaHandler } from './interpreter/calls.ts'

/** Where each function's handler is: the very modules that are deployed. Loaded when a run begins, not for `--help`. */
const modules: Readonly<Record<FunctionName, () => Promise<{ readonly handler: LambdaHandler }>>> = {
  ReadTaskFunction: () => import('../lambdas/task/handler.ts'),
  OpenAccessFunction: () => import('../lambdas/access/open-handler.ts'),
  PrecheckFunction: () => import('../lambdas/precheck/handler.ts'),
  PlanObjectsFunction: () => import('../lambdas/schema/plan-handler.ts'),
  PlanCopyFunction: () => import('../lambdas/copy/plan-handler.ts'),
  CreateObjectsFunction: () => import('../lambdas/schema/create-handler.ts'),
  KeepSnapshotFunction: () => import('../lambdas/snapshot/handler.ts'),
  CopyLaneFunction: () => import('../lambdas/copy/lane-handler.ts'),
  SummariseCopyFunction: () => import('../lambdas/copy/summary-handler.ts'),
  BuildIndexesFunction: () => import('../lambdas/schema/index-handler.ts'),
  SummariseIndexesFunction: () => import('../lambdas/schema/summary-handler.ts'),
  LinkObjectsFunction: () => import('../lambdas/schema/link-handler.ts'),
  SyncSequencesFunction: () => import('../lambdas/schema/sequences-handler.ts'),
  AnalyzeFunction: () => import('../lambdas/schema/analyze-handler.ts'),
  PlanValidationFunction: () => import('../lambdas/validate/plan-handler.ts'),
  ValidateLaneFunction: () => import('../lambdas/validate/lane-handler.ts'),
  SummariseValidationFunction: () => import('../lambdas/validate/summary-handler.ts'),
  SealFunction: () => import('../lambdas/validate/seal-handler.ts'),
  ReportFunction: () => import('../lambdas/report/handler.ts'),
  CloseAccessFunction: () => import('../lambdas/access/close-handler.ts'),
  FinishReportFunction: () => import('../lambdas/report/finish-handler.ts'),
  JudgeCrashFunction: () => import('../lambdas/runtime/judge-handler.ts'),
}

export type Handlers = Readonly<Record<FunctionName, LambdaHandler>>

/** The handlers of all functions of the workflow. */
export async function loadHandlers(): Promise<Handlers> {
  const names = Object.keys(modules) as FunctionName[]
  const loaded = await Promise.all(names.map(async (name) => [name, (await modules[name]()).handler] as const))
  return Object.fromEntries(loaded) as Handlers
}
