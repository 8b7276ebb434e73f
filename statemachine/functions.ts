/**
 * The functions that the states call. A name stands in the definition as `${Name}`: CDK puts the function's ARN there, one
 * machine puts the handler itself there.
 */
export const FUNCTIONS = [
  'ReadTaskFunction',
  'OpenAccessFunction',
  'PrecheckFunction',
  'TakeDatabaseFunction',
  'PlanObjectsFunction',
  'PlanCopyFunction',
  'CreateObjectsFunction',
  'KeepSnapshotFunction',
  'CopyLaneFunction',
  'SummariseCopyFunction',
  'FollowFunction',
  'BuildIndexesFunction',
  'SummariseIndexesFunction',
  'LinkObjectsFunction',
  'SyncSequencesFunction',
  'AnalyzeFunction',
  'PlanValidationFunction',
  'ValidateLaneFunction',
  'SummariseValidationFunction',
  'SealFunction',
  'ReportFunction',
  'CloseAccessFunction',
  'FinishReportFunction',
  'KeepErrorFunction',
  'JudgeCrashFunction',
] as const

export type FunctionName = (typeof FUNCTIONS)[number]
