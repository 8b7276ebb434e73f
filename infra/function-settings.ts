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

/** pg_dump and PostgreSQL's archive in memory: a whole processor, and room for a schema of many thousand objects. */
const DUMP = 1769

/** All functions. One that a state calls and that has no settings here does not compile. */
export const FUNCTION_SETTINGS: Readonly<Record<AnyFunctionName, FunctionSettings>> = {
  ReadTaskFunction: {
    handler: 'task/handler.ts',
    purpose: 'Checks the task and fills in the defaults',
    memory: 256,
    timeout: 60,
    inVpc: false,
    rights: [],
  },
  // Opening and closing need the two clouds' APIs only. Outside the VPC they work even when the VPC's way out is what broke.
  OpenAccessFunction: {
    handler: 'access/open-handler.ts',
    purpose: 'Opens the way to both servers for one run',
    memory: 512,
    timeout: LONG,
    inVpc: false,
    // What it opens while the execution is being closed, it closes itself.
    rights: ['readAlibabaSecret', 'describeDatabases', 'openRules', 'closeRules', 'keepDocuments', 'listOpenRuns'],
  },
  PrecheckFunction: database('precheck/handler.ts', 'Checks everything that would fail later', {
    memory: DUMP,
    rights: ['readDatabaseSecrets', 'keepDocuments', 'readQuotas'],
  }),
  // A database that the SQL account may not make is ordered from Alibaba Cloud.
  PlanObjectsFunction: database('schema/plan-handler.ts', 'Reads the objects of the source', {
    memory: DUMP,
    rights: ['readDatabaseSecrets', 'readAlibabaSecret'],
  }),
  PlanCopyFunction: database('copy/plan-handler.ts', 'Cuts the tables into chunks'),
  CreateObjectsFunction: database('schema/create-handler.ts', 'Creates what rows need', { memory: DUMP }),
  KeepSnapshotFunction: database('snapshot/handler.ts', 'Holds the snapshot of the source', { memory: 256 }),
  CopyLaneFunction: database('copy/lane-handler.ts', 'Copies chunk after chunk', {
    memory: 'lane',
    rights: ['readDatabaseSecrets', 'readMetrics'],
  }),
  SummariseCopyFunction: database('copy/summary-handler.ts', 'Judges what the lanes came to', { memory: 256 }),
  BuildIndexesFunction: database('schema/index-handler.ts', 'Builds keys and indexes, adds foreign keys'),
  SummariseIndexesFunction: database('schema/summary-handler.ts', 'Judges what the indexes came to', { memory: 256 }),
  LinkObjectsFunction: database('schema/link-handler.ts', 'Creates triggers, rules, policies'),
  SyncSequencesFunction: database('schema/sequences-handler.ts', 'Sets the sequences'),
  AnalyzeFunction: database('schema/analyze-handler.ts', 'Collects statistics', { memory: 256 }),
  PlanValidationFunction: database('validate/plan-handler.ts', 'Says what is compared'),
  ValidateLaneFunction: database('validate/lane-handler.ts', 'Compares source and destination', { memory: 'lane' }),
  SummariseValidationFunction: database('validate/summary-handler.ts', 'Judges what the comparison came to', {
    memory: 256,
  }),
  SealFunction: database('validate/seal-handler.ts', 'Refuses late writers from now on', { memory: 256 }),
  ReportFunction: database('report/handler.ts', 'Writes the report of the run', {
    rights: ['readDatabaseSecrets', 'keepDocuments'],
  }),
  CloseAccessFunction: {
    handler: 'access/close-handler.ts',
    purpose: 'Closes what the run has opened',
    memory: 512,
    timeout: LONG,
    inVpc: false,
    rights: ['readAlibabaSecret', 'closeRules', 'keepDocuments', 'listOpenRuns'],
  },
  // Where Report could write nothing, it makes the whole report, from the ledgers.
  FinishReportFunction: database('report/finish-handler.ts', 'Says in the report what was closed', {
    rights: ['readDatabaseSecrets', 'keepDocuments'],
  }),
  JudgeCrashFunction: {
    handler: 'runtime/judge-handler.ts',
    purpose: 'Judges what a step could not judge itself',
    memory: 256,
    timeout: 60,
    inVpc: false,
    rights: [],
  },
  ChangeRunFunction: database(
    'copy/change-run-handler.ts',
    'Changes the limits of a run, and takes it from a stopped execution',
    {
      memory: 256,
      timeout: 60,
      rights: ['readDatabaseSecrets', 'readAlibabaSecret', 'readExecutions'],
    },
  ),
  ExecutionEndedFunction: {
    handler: 'access/status-handler.ts',
    purpose: 'Closes what an execution left open that was stopped, timed out or failed',
    memory: 512,
    timeout: 300,
    inVpc: false,
    rights: ['readAlibabaSecret', 'closeRules', 'keepDocuments', 'listOpenRuns'],
  },
  SweepAccessFunction: {
    handler: 'access/sweep-handler.ts',
    purpose: 'Every 15 minutes: closes what belongs to no running execution or is past its time',
    memory: 512,
    timeout: 600,
    inVpc: false,
    rights: ['readAlibabaSecret', 'closeRules', 'keepDocuments', 'listOpenRuns', 'readExecutions'],
  },
}
