import type { FunctionName } from '../statemachine/functions.ts'
import type { Right } from './rights.ts'

/** The functions that no state calls: they close what an execution could not close itself. */
export const CLOSING_FUNCTIONS = ['ExecutionEndedFunction', 'SweepAccessFunction'] as const

/** What the command calls, for those who do not reach the databases. */
export type AnyFunctionName = FunctionName | (typeof CLOSING_FUNCTIONS)[number] | 'ChangeRunFunction'

/** What tells one function from another. */
export interface FunctionSettings {
  /** The file below lambdas/ that exports `handler`. */
  readonly handler: string
  readonly purpose: string
  /** Megabytes; `lane`: by the deployment's size. 1,769 MB are one whole processor. */
  readonly memory: number | 'lane'
  /** Seconds. Not longer than the state waits (900). */
  readonly timeout: number
  /** Whether it talks to the databases and therefore belongs into their VPC. */
  readonly inVpc: boolean
  readonly rights: readonly Right[]
}

const LONG = 900

/** A function whose whole work is to talk to the two databases. */
const database = (handler: string, purpose: string, more: Partial<FunctionSettings> = {}): FunctionSettings => ({
  handler,
  purpose,
  memory: 512,
  timeout: LONG,
  inVpc: true,
  rights: ['readDatabaseSecrets'],
  ...more,
})

/**
 * pg_dump and PostgreSQL's archive in memory: a whole processor, and room for a schema of many thousand objects. The plan of a copy took
 * 665 MB for 400,000 columns; a report takes some 230 MB, however many tables there are, and a whole processor for its twelve readers. Of
 * calls of seconds more memory costs next to nothing.
 */
const DUMP = 1769

/** All functions. One that a state calls and that has no settings here does not compile. */
export const FUNCTION_SETTINGS: Readonly<Record<AnyFunctionName, FunctionSettings>> = {
  ReadTaskFunction: {
    handler: 'stages/read-task/handler.ts',
    purpose: 'Checks the task and fills in the defaults',
    memory: 256,
    timeout: 60,
    inVpc: false,
    rights: ['keepDocuments'],
  },
  TakeDatabaseFunction: {
    handler: 'stages/read-task/take-database-handler.ts',
    purpose: 'Takes one database out of the list of the task',
    memory: 256,
    timeout: 60,
    inVpc: false,
    rights: ['keepDocuments'],
  },
  // Opening and closing need the two clouds' APIs only. Outside the VPC they work even when the VPC's way out is what broke.
  OpenAccessFunction: {
    handler: 'stages/access/open-handler.ts',
    purpose: 'Opens the way to both servers for one run',
    memory: 512,
    timeout: LONG,
    inVpc: false,
    // What it opens while the execution is being closed, it closes itself.
    rights: ['callAlibaba', 'describeDatabases', 'openRules', 'closeRules', 'keepDocuments', 'listOpenRuns'],
  },
  PrecheckFunction: database('stages/precheck/handler.ts', 'Checks everything that would fail later', {
    memory: DUMP,
    rights: ['readDatabaseSecrets', 'keepDocuments', 'readQuotas', 'readMetrics'],
  }),
  // A database that the SQL account may not make is ordered from Alibaba Cloud.
  PlanObjectsFunction: database('stages/schema/plan-handler.ts', 'Reads the objects of the source', {
    memory: DUMP,
    rights: ['readDatabaseSecrets', 'callAlibaba'],
  }),
  PlanCopyFunction: database('stages/copy/plan/plan-handler.ts', 'Cuts the tables into chunks', {
    memory: DUMP,
    // Which database of the task is the first: that one keeps what was asked of the run.
    rights: ['readDatabaseSecrets', 'keepDocuments'],
  }),
  CreateObjectsFunction: database('stages/schema/create-handler.ts', 'Creates what rows need', { memory: DUMP }),
  KeepSnapshotFunction: database('stages/snapshot/handler.ts', 'Holds the snapshot of the source', { memory: 256 }),
  CopyLaneFunction: database('stages/copy/lane/lane-handler.ts', 'Copies chunk after chunk', {
    memory: 'lane',
    rights: ['readDatabaseSecrets', 'readMetrics'],
  }),
  SummariseCopyFunction: database('stages/copy/lane/summary-handler.ts', 'Judges what the lanes came to', {
    memory: 256,
  }),
  // In the cloud ReadTask refuses the mode: one call of it ends before the next, and nothing there closes a slot yet.
  FollowFunction: database('stages/follow/handler.ts', 'Applies what the source goes on changing', {
    rights: ['readDatabaseSecrets', 'keepDocuments'],
  }),
  BuildIndexesFunction: database('stages/schema/index-handler.ts', 'Builds keys and indexes, adds foreign keys'),
  SummariseIndexesFunction: database('stages/schema/summary-handler.ts', 'Judges what the indexes came to', {
    memory: 256,
  }),
  LinkObjectsFunction: database('stages/schema/link-handler.ts', 'Creates triggers, rules, policies'),
  SyncSequencesFunction: database('stages/schema/sequences-handler.ts', 'Sets the sequences'),
  AnalyzeFunction: database('stages/schema/analyze-handler.ts', 'Collects statistics', { memory: 256 }),
  PlanValidationFunction: database('stages/validate/plan-handler.ts', 'Says what is compared'),
  ValidateLaneFunction: database('stages/validate/lane-handler.ts', 'Compares source and destination', {
    memory: 'lane',
  }),
  SummariseValidationFunction: database('stages/validate/summary-handler.ts', 'Judges what the comparison came to', {
    memory: 256,
  }),
  SealFunction: database('stages/validate/seal-handler.ts', 'Refuses late writers from now on', { memory: 256 }),
  ReportFunction: database('stages/report/handler.ts', 'Writes the report of the run', {
    memory: DUMP,
    rights: ['readDatabaseSecrets', 'keepDocuments'],
  }),
  CloseAccessFunction: {
    handler: 'stages/access/close-handler.ts',
    purpose: 'Closes what the run has opened',
    memory: 512,
    timeout: LONG,
    inVpc: false,
    rights: ['callAlibaba', 'closeRules', 'keepDocuments', 'listOpenRuns'],
  },
  // Where Report could write nothing, it makes the whole report, from the ledgers.
  FinishReportFunction: database('stages/report/finish-handler.ts', 'Says in the report what was closed', {
    memory: DUMP,
    rights: ['readDatabaseSecrets', 'keepDocuments'],
  }),
  KeepErrorFunction: {
    handler: 'stages/report/keep-error-handler.ts',
    purpose: 'Keeps why a database has failed, for the report',
    memory: 256,
    timeout: 60,
    inVpc: false,
    rights: ['keepDocuments'],
  },
  JudgeCrashFunction: {
    handler: 'core/runtime/judge-handler.ts',
    purpose: 'Judges what a step could not judge itself',
    memory: 256,
    timeout: 60,
    inVpc: false,
    rights: [],
  },
  ChangeRunFunction: database(
    'stages/copy/pace/change-run-handler.ts',
    'Changes the limits of a run, and takes it from a stopped execution',
    {
      memory: 256,
      timeout: 60,
      rights: ['readDatabaseSecrets', 'callAlibaba', 'readExecutions'],
    },
  ),
  ExecutionEndedFunction: {
    handler: 'stages/access/status-handler.ts',
    purpose: 'Closes what an execution left open that was stopped, timed out or failed',
    memory: 512,
    timeout: 300,
    inVpc: false,
    rights: ['callAlibaba', 'closeRules', 'keepDocuments', 'listOpenRuns'],
  },
  SweepAccessFunction: {
    handler: 'stages/access/sweep-handler.ts',
    purpose: 'Every 15 minutes: closes what belongs to no running execution or is past its time',
    memory: 512,
    timeout: 600,
    inVpc: false,
    rights: ['callAlibaba', 'closeRules', 'keepDocuments', 'listOpenRuns', 'readExecutions'],
  },
}
