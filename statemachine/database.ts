import type { Scope, States } from './asl.ts'
import { chapters } from './chapters.ts'
import { copying } from './copying.ts'
import { DATABASE } from './event.ts'
import type { FunctionName } from './functions.ts'
import { keeping, keepingOf } from './keeping.ts'
import { lanes } from './lanes.ts'
import { step } from './step.ts'

const FAILED = keepingOf('KeepError')

/** Of the history of the database's execution, which the copy and what comes behind it share: two days of calls of a quarter of an hour. */
const FOLLOW_FIRST_EVENTS = 1_500

/** A transaction of the source is applied as one, and what a source has written since the cutover is read at once: on one machine, where alone it is followed. */
const FOLLOW_SECONDS = 24 * 3600

/** The way of one database, an iteration of the Databases map. It never fails: it ends with a verdict. */
export function database(): Scope {
  return {
    StartAt: 'TakeDatabase',
    States: {
      ...step({
        name: 'TakeDatabase',
        comment: 'The database that this iteration is for, out of the list that ReadTask has kept',
        calls: 'TakeDatabaseFunction',
        level: 'run',
        extra: { 'place.$': '$.place' },
        done: 'KeepDatabase',
        failed: FAILED,
      }),
      KeepDatabase: { Type: 'Pass', Parameters: DATABASE, Next: 'PlanObjects' },
      ...simple('PlanObjects', 'Reads what there is to migrate and decides for every object', 'IsSealedAlready'),
      IsSealedAlready: {
        Type: 'Choice',
        Choices: [{ Variable: '$.step.output.sealed', BooleanEquals: true, Next: 'DatabaseDone' }],
        Default: 'PlanCopy',
      },
      ...simple('PlanCopy', 'Cuts the tables into chunks and says how many lanes there are', 'KeepPlan'),
      KeepPlan: { Type: 'Pass', InputPath: '$.step.output', ResultPath: '$.plan', Next: 'IsPlanAll' },
      IsPlanAll: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.task.mode', StringEquals: 'plan', Next: 'DatabaseDone' },
          { Variable: '$.task.mode', StringEquals: 'follow', Next: 'PrepareStream' },
        ],
        Default: 'CreateObjects',
      },
      ...following(
        'PrepareStream',
        'prepare',
        'Judges whether all of it can be followed, before a row is copied',
        'CreateObjects',
      ),
      ...simple('CreateObjects', 'Types, functions, tables, views: what rows need to arrive', 'CopyRows'),
      ...copying({ done: 'IsToFollow', planAnew: 'PlanCopy', failed: FAILED, kept: 'DatabaseFailed' }),
      IsToFollow: {
        Type: 'Choice',
        Choices: [{ Variable: '$.task.mode', StringEquals: 'follow', Next: 'Follow' }],
        Default: 'LinkObjects',
      },
      ...chapters({
        name: 'Follow',
        comment: 'Applies what the source goes on changing, until the cutover has found all of it',
        calls: 'FollowFunction',
        level: 'database',
        extra: { what: 'follow' },
        seconds: FOLLOW_SECONDS,
        first: FOLLOW_FIRST_EVENTS,
        done: 'LinkObjects',
        failed: FAILED,
      }),
      ...simple('LinkObjects', 'Triggers, rules and policies: last', 'SyncSequences'),
      ...simple('SyncSequences', 'Sequences stand where they stand on the source', 'Analyze'),
      ...simple('Analyze', 'Statistics for the planner', 'PlanValidation'),
      ...simple('PlanValidation', 'Says what is compared, and by which chunks', 'ValidateLanes'),
      ...lanes({
        name: 'ValidateLanes',
        comment: 'Source and destination compared',
        lane: 'ValidateLane',
        laneComment: 'Counts and digests chunk after chunk on both servers',
        calls: 'ValidateLaneFunction',
        items: '$.plan.validateLanes',
        results: '$.results',
        next: 'SummariseValidation',
        failed: FAILED,
      }),
      ...summary('SummariseValidation', 'ValidateLanes', 'HasFollowed'),
      HasFollowed: {
        Type: 'Choice',
        Choices: [{ Variable: '$.task.mode', StringEquals: 'follow', Next: 'ProveStandstill' }],
        Default: 'Seal',
      },
      ...following('ProveStandstill', 'prove', 'Nobody has written to the source since the cutover', 'Seal'),
      ...simple('Seal', 'Nothing writes to the destination any more, late lanes neither', 'DatabaseDone'),
      DatabaseDone: {
        Type: 'Pass',
        Parameters: { 'place.$': '$.place', verdict: 'done', code: null },
        End: true,
      },
      ...keeping('KeepError', 'DatabaseFailed'),
      DatabaseFailed: {
        Type: 'Pass',
        Parameters: { 'place.$': '$.place', verdict: 'failed', 'code.$': '$.error.code' },
        End: true,
      },
    },
  }
}

type Simple =
  Exclude<FunctionName, 'FollowFunction'> extends infer Name
    ? Name extends `${infer State}Function`
      ? State
      : never
    : never

/** A step that is one function of the same name, whose failure is the database's. */
function simple(name: Simple, comment: string, done: string): States {
  return step({ name, comment, calls: `${name}Function`, level: 'database', done, failed: FAILED })
}

/** A step of what lies between the copy and the cutover. */
function following(name: string, what: 'prepare' | 'prove', comment: string, done: string): States {
  return step({
    ...{ name, comment, calls: 'FollowFunction', level: 'database', extra: { what } },
    ...{ seconds: FOLLOW_SECONDS, done, failed: FAILED },
  })
}

/** The judge of a Map of lanes: all done, some left for another round, or failed. */
function summary(name: 'SummariseValidation', map: string, done: string): States {
  return step({
    name,
    comment: `Judges what ${map} came to: done, another round, or failed`,
    calls: `${name}Function`,
    level: 'database',
    extra: { 'results.$': '$.results' },
    done,
    yielded: map,
    failed: FAILED,
  })
}
