import { FUNCTIONS, type FunctionName } from '../../statemachine/functions.ts'

export type Side = 'source' | 'destination'

/** Every step; the judge of crashes is called only where something crashes, the follower where a task follows. */
export const STEPS: readonly FunctionName[] = FUNCTIONS.filter(
  (name) => !['JudgeCrashFunction', 'FollowFunction'].includes(name),
)

/** The steps from one to another, both of them among them. */
export function stepsFrom(first: FunctionName, last: FunctionName): readonly FunctionName[] {
  return STEPS.slice(STEPS.indexOf(first), STEPS.indexOf(last) + 1)
}

/** The first step that asks a server. */
export const FIRST_ASKING: FunctionName = 'PrecheckFunction'

/** The last step that asks a server of this side: validation knows the source's digests from the copy. */
const LAST_ASKING: Readonly<Record<Side, FunctionName>> = {
  source: 'SyncSequencesFunction',
  destination: 'ReportFunction',
}

/** The steps at which it matters to the run what happens to a server: it is asked by the step itself or by a later one. */
export function stepsThatMeet(side: Side): readonly FunctionName[] {
  return stepsFrom('ReadTaskFunction', LAST_ASKING[side])
}

/** The last chance of a side is to be taken early, or the step is over. */
export function isLastAsking(step: FunctionName): boolean {
  return Object.values(LAST_ASKING).includes(step)
}

/** Steps that two lanes or keepers are called for at once. */
export const SEVERAL: readonly FunctionName[] = [
  'KeepSnapshotFunction',
  'CopyLaneFunction',
  'BuildIndexesFunction',
  'ValidateLaneFunction',
]

/** Steps that hold the ledger's claim while they wait for a table of the user: what a deadlock needs. */
export const LOCKING: readonly FunctionName[] = ['CopyLaneFunction', 'BuildIndexesFunction', 'LinkObjectsFunction']

/** How long a step takes on a quiet machine, milliseconds: the moment is chosen within. */
export const LONG: Readonly<Partial<Record<FunctionName, number>>> = {
  ReadTaskFunction: 4,
  OpenAccessFunction: 70,
  PrecheckFunction: 150,
  TakeDatabaseFunction: 3,
  PlanObjectsFunction: 1500,
  PlanCopyFunction: 50,
  CreateObjectsFunction: 80,
  KeepSnapshotFunction: 500,
  CopyLaneFunction: 450,
  SummariseCopyFunction: 9,
  BuildIndexesFunction: 600,
  SummariseIndexesFunction: 7,
  LinkObjectsFunction: 15,
  SyncSequencesFunction: 20,
  AnalyzeFunction: 90,
  PlanValidationFunction: 7,
  ValidateLaneFunction: 15,
  SummariseValidationFunction: 2,
  SealFunction: 7,
  ReportFunction: 70,
  CloseAccessFunction: 2,
  FinishReportFunction: 30,
}

/** How many bytes the step and those after it move at least: a cut shall come in the middle of it. */
export function bytesFrom(step: FunctionName, side: Side): number {
  if (side === 'source' && STEPS.indexOf(step) > STEPS.indexOf('CopyLaneFunction')) return 1_000
  return LARGE[step] ?? 2_500
}

/** Steps that are not here move few. */
const LARGE: Readonly<Partial<Record<FunctionName, number>>> = {
  PrecheckFunction: 30_000,
  PlanObjectsFunction: 150_000,
  PlanCopyFunction: 10_000,
  CreateObjectsFunction: 30_000,
  KeepSnapshotFunction: 1_000_000,
  CopyLaneFunction: 2_000_000,
  BuildIndexesFunction: 20_000,
  LinkObjectsFunction: 10_000,
}
