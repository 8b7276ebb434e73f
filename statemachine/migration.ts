import type { Definition, PassState } from './asl.ts'
import { database } from './database.ts'
import { ending, into } from './ending.ts'
import { DATABASE_ITEM } from './event.ts'
import { catchAll, lose, step } from './step.ts'

/** Longer than the source can be kept from cleaning up behind the view, and short of the year that AWS gives. */
const LONGEST_DAYS = 90

/** Each database has its lanes and its two keepers on the source. */
const DATABASES_AT_ONCE = 4

/** More than a task of 256 KiB can name. */
const ALL = 10_000

/**
 * The workflow of a migration: the only description of the order of things, for Step Functions and for one machine.
 *
 * The state is `{run, task, list, endpoints, failure, refused, turn, results, outcome, closing, step}`; `step` is always the answer of
 * the last step. Once the task is read, every way leads through Report, CloseAccess and FinishReport.
 */
export function toDefinition(): Definition {
  return {
    Comment: 'Sampan: moves PostgreSQL from Amazon RDS to ApsaraDB RDS',
    StartAt: 'Begin',
    TimeoutSeconds: LONGEST_DAYS * 24 * 3600,
    States: {
      Begin: {
        Type: 'Pass',
        Comment: 'Puts the user’s input aside, whatever it is',
        Parameters: { 'input.$': '$', 'execution.$': '$$.Execution.Name', step: { window: null, spent: 0 } },
        Next: 'ReadTask',
      },
      ...step({
        name: 'ReadTask',
        comment: 'Checks the task, all problems at once, and fills in the defaults',
        calls: 'ReadTaskFunction',
        level: 'start',
        done: 'IsStartRepeated',
        failed: 'IsTaskInvalid',
      }),
      IsStartRepeated: {
        Type: 'Choice',
        Comment: 'EventBridge may deliver an event twice: the second execution leaves the run to the first',
        Choices: [{ Variable: '$.step.output.repeated', BooleanEquals: true, Next: 'KeepFirstStart' }],
        Default: 'KeepTask',
      },
      KeepFirstStart: { Type: 'Pass', InputPath: '$.step.output', Next: 'StartedAlready' },
      StartedAlready: { Type: 'Succeed' },
      IsTaskInvalid: {
        Type: 'Choice',
        Choices: [{ Variable: '$.step.error.code', StringMatches: 'TASK_*', Next: into('TaskInvalid') }],
        Default: into('TaskUnread'),
      },
      ...ending('TaskInvalid', '$.step.error', 'TaskInvalid'),
      ...ending('TaskUnread', '$.step.error'),
      KeepTask: {
        Type: 'Pass',
        Parameters: {
          'run.$': '$.step.output.run',
          'task.$': '$.step.output.task',
          'list.$': '$.step.output.list',
          endpoints: null,
          failure: null,
          refused: false,
          turn: { 'places.$': '$.step.output.databases' },
          results: [],
          closing: null,
          step: { window: null, 'spent.$': '$.step.spent' },
        },
        Next: 'OpenAccess',
      },

      ...step({
        name: 'OpenAccess',
        comment: 'Finds both servers and opens the way to them, for this run only',
        calls: 'OpenAccessFunction',
        level: 'run',
        done: 'KeepEndpoints',
        failed: 'KeepFailure',
      }),
      KeepEndpoints: { Type: 'Pass', InputPath: '$.step.output', ResultPath: '$.endpoints', Next: 'Precheck' },
      ...step({
        name: 'Precheck',
        comment: 'Everything that would make the migration fail later, checked before anything is written',
        calls: 'PrecheckFunction',
        level: 'run',
        done: 'KeepRefusal',
        failed: 'KeepFailure',
      }),
      KeepRefusal: { Type: 'Pass', InputPath: '$.step.output.refused', ResultPath: '$.refused', Next: 'MayMigrate' },
      MayMigrate: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.refused', BooleanEquals: true, Next: 'Report' },
          { Variable: '$.task.mode', StringEquals: 'precheck', Next: 'Report' },
        ],
        Default: 'MayOthersGoOn',
      },
      MayOthersGoOn: {
        Type: 'Choice',
        Comment:
          'When a database fails. To stop, nothing else may be under way: the databases go one after the other. Those that follow are cut over together',
        Choices: [
          { Variable: '$.task.mode', StringEquals: 'plan', Next: 'AllAtOnce' },
          { Variable: '$.task.mode', StringEquals: 'follow', Next: 'AllAtOnce' },
          { Variable: '$.task.onDatabaseError', StringEquals: 'stop', Next: 'OneByOne' },
        ],
        Default: 'AllAtOnce',
      },
      AllAtOnce: turns(ALL),
      OneByOne: turns(1),
      NextTurn: {
        Type: 'Pass',
        Parameters: {
          'databases.$': 'States.ArrayGetItem($.turn.all, $.turn.next)',
          'next.$': 'States.MathAdd($.turn.next, 1)',
          'count.$': 'States.ArrayLength($.turn.all)',
          'all.$': '$.turn.all',
        },
        ResultPath: '$.turn',
        Next: 'Databases',
      },
      Databases: {
        Type: 'Map',
        Comment: 'Every database of the task goes its way; one that fails does not stop the others',
        Label: 'Databases',
        ItemsPath: '$.turn.databases',
        MaxConcurrency: DATABASES_AT_ONCE,
        ItemSelector: DATABASE_ITEM,
        ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' }, ...database() },
        ResultPath: '$.results',
        Catch: [catchAll('GiveUpDatabases')],
        Next: 'IsTurnTheLast',
      },
      IsTurnTheLast: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.turn.next', NumericEqualsPath: '$.turn.count', Next: 'Report' },
          { Variable: '$.results[0].verdict', StringEquals: 'failed', Next: 'Report' },
        ],
        Default: 'NextTurn',
      },
      GiveUpDatabases: lose('Databases', 'KeepFailure'),
      KeepFailure: { Type: 'Pass', InputPath: '$.step.error', ResultPath: '$.failure', Next: 'Report' },

      ...step({
        name: 'Report',
        comment: 'The run’s story as JSON and HTML, and how it ends',
        calls: 'ReportFunction',
        level: 'run',
        extra: { ...ENDING, unwritten: null },
        done: 'KeepOutcome',
        failed: 'KeepReportError',
      }),
      KeepReportError: { Type: 'Pass', InputPath: '$.step.error', ResultPath: '$.unwritten', Next: 'DecideOutcome' },
      ...step({
        name: 'DecideOutcome',
        comment: 'How the run ends where its report could not be written: that is decided by what it did',
        calls: 'ReportFunction',
        level: 'run',
        extra: { ...ENDING, 'unwritten.$': '$.unwritten' },
        done: 'KeepOutcome',
        failed: 'IsReportTheFirstFailure',
      }),
      KeepOutcome: { Type: 'Pass', InputPath: '$.step.output', ResultPath: '$.outcome', Next: 'MayBeFollowing' },
      IsReportTheFirstFailure: {
        Type: 'Choice',
        Choices: [{ Variable: '$.failure', IsNull: true, Next: 'KeepReportFailure' }],
        Default: 'KeepFirstFailure',
      },
      KeepReportFailure: {
        Type: 'Pass',
        Parameters: { status: 'failed', 'error.$': '$.step.error' },
        ResultPath: '$.outcome',
        Next: 'MayBeFollowing',
      },
      KeepFirstFailure: {
        Type: 'Pass',
        Parameters: { status: 'failed', 'error.$': '$.failure' },
        ResultPath: '$.outcome',
        Next: 'MayBeFollowing',
      },
      MayBeFollowing: {
        Type: 'Choice',
        Comment: 'A run that the precheck refuses has opened nothing; another start of it may be at work',
        Choices: [
          { Variable: '$.refused', BooleanEquals: true, Next: 'CloseAccess' },
          { Variable: '$.task.mode', StringEquals: 'follow', Next: 'CloseStream' },
        ],
        Default: 'CloseAccess',
      },
      ...step({
        name: 'CloseStream',
        comment: 'Takes back what following has opened on the source, however the run ended',
        calls: 'FollowFunction',
        level: 'run',
        extra: { what: 'close' },
        done: 'CloseAccess',
        failed: 'KeepStreamFailure',
      }),
      KeepStreamFailure: { Type: 'Pass', InputPath: '$.step.error', ResultPath: '$.closing', Next: 'CloseAccess' },
      ...step({
        name: 'CloseAccess',
        comment: 'Closes what this run has opened, and nothing else',
        calls: 'CloseAccessFunction',
        level: 'run',
        done: 'FinishReport',
        failed: 'KeepClosingFailure',
      }),
      KeepClosingFailure: { Type: 'Pass', InputPath: '$.step.error', ResultPath: '$.closing', Next: 'FinishReport' },
      ...step({
        name: 'FinishReport',
        comment: 'The report once more, now that it is known what is closed. It changes nothing in how the run ends',
        calls: 'FinishReportFunction',
        level: 'run',
        extra: { ...ENDING, 'outcome.$': '$.outcome', 'closing.$': '$.closing' },
        done: 'IsAccessClosed',
        failed: 'IsAccessClosed',
      }),
      IsAccessClosed: {
        Type: 'Choice',
        Choices: [{ Variable: '$.closing', IsNull: true, Next: 'Outcome' }],
        Default: into('AccessLeftOpen'),
      },
      Outcome: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.outcome.status', StringEquals: 'succeeded', Next: 'Succeeded' },
          { Variable: '$.outcome.status', StringEquals: 'incomplete', Next: 'SucceededInPart' },
          { Variable: '$.outcome.status', StringEquals: 'refused', Next: into('Refused') },
        ],
        Default: into('Failed'),
      },
      Succeeded: { Type: 'Succeed' },
      SucceededInPart: {
        Type: 'Succeed',
        Comment: 'Objects failed that the task goes on without: its output names them, and an alarm says so',
      },
      ...ending('Refused', '$.outcome.error', 'PrecheckRefused'),
      ...ending('Failed', '$.outcome.error'),
      ...ending('AccessLeftOpen', '$.closing', 'AccessLeftOpen'),
    },
  }
}

/** What is known when the databases have come to their end. */
const ENDING = { 'failure.$': '$.failure', 'refused.$': '$.refused', 'results.$': '$.results' }

/** Deals the databases out to turns of so many. */
function turns(size: number): PassState {
  return {
    Type: 'Pass',
    Parameters: { 'all.$': `States.ArrayPartition($.turn.places, ${size})`, next: 0 },
    ResultPath: '$.turn',
    Next: 'NextTurn',
  }
}
