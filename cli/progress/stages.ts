import type { Task } from '../../lambdas/core/task/task.ts'
import type { FunctionName } from '../../statemachine/functions.ts'

/** One line of the progress display: a stage of the run, or of one database of it. */
export interface Stage {
  readonly id: string
  readonly title: string
  /** The functions the state machine calls in this stage. */
  readonly functions: readonly FunctionName[]
  /** The stage that may still go on when this one begins. */
  readonly beside?: string
}

/** Before and after the databases. */
export const runStages: readonly Stage[] = [
  { id: 'read', title: 'Read the task', functions: ['ReadTaskFunction'] },
  { id: 'open', title: 'Open access', functions: ['OpenAccessFunction'] },
  { id: 'precheck', title: 'Check both sides', functions: ['PrecheckFunction'] },
  { id: 'databases', title: 'Migrate', functions: [] },
  { id: 'report', title: 'Write the report', functions: ['ReportFunction'] },
  { id: 'close', title: 'Close access', functions: ['CloseAccessFunction', 'FinishReportFunction'] },
]

/** For each database. The snapshot's keepers run beside the lanes and are no stage of their own. */
export const databaseStages: readonly Stage[] = [
  { id: 'plan', title: 'Plan', functions: ['PlanObjectsFunction', 'PlanCopyFunction'] },
  { id: 'create', title: 'Create types, functions, tables, views', functions: ['CreateObjectsFunction'] },
  { id: 'copy', title: 'Copy rows', functions: ['CopyLaneFunction', 'SummariseCopyFunction'] },
  {
    id: 'index',
    title: 'Build keys and indexes',
    functions: ['BuildIndexesFunction', 'SummariseIndexesFunction'],
    beside: 'copy',
  },
  { id: 'link', title: 'Add triggers, rules, policies', functions: ['LinkObjectsFunction'] },
  { id: 'sequences', title: 'Set sequences', functions: ['SyncSequencesFunction'] },
  { id: 'analyze', title: 'Analyze', functions: ['AnalyzeFunction'] },
  {
    id: 'validate',
    title: 'Compare source and destination',
    functions: ['PlanValidationFunction', 'ValidateLaneFunction', 'SummariseValidationFunction'],
  },
  { id: 'seal', title: 'Seal', functions: ['SealFunction'] },
]

/** Between the indexes and what is added last, where the source is followed. Its function does other things besides: see `FOLLOWS`. */
const followStage: Stage = { id: 'follow', title: 'Follow the source', functions: [] }

/** By this name a call of the function that follows belongs to its stage. */
export const FOLLOWS = 'Follow'

/** The stages of a database of such a run. */
export function stagesOf(mode: Task['mode']): readonly Stage[] {
  if (mode !== 'follow') return databaseStages
  const at = databaseStages.findIndex(({ id }) => id === 'link')
  return databaseStages.toSpliced(at, 0, followStage)
}

/** Every function of the state machine that belongs to a stage. */
export const stageOfFunction: ReadonlyMap<string, Stage> = new Map<string, Stage>([
  [FOLLOWS, followStage],
  ...[...runStages, ...databaseStages].flatMap((stage) => stage.functions.map((name) => [name, stage] as const)),
])

/** The functions that run in several lanes at once; a Summarise function judges what they came to. */
export const laneFunctions: ReadonlySet<string> = new Set([
  'CopyLaneFunction',
  'BuildIndexesFunction',
  'ValidateLaneFunction',
])
