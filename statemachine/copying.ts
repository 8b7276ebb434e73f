import type { Scope, States } from './asl.ts'
import { chapters } from './chapters.ts'
import { ending, into } from './ending.ts'
import type { FunctionName } from './functions.ts'
import { indexBranch } from './indexing.ts'
import { keeping, keepingOf } from './keeping.ts'
import { lanes } from './lanes.ts'
import { catchAll, lose, step } from './step.ts'

/** Where copying leads. */
export interface Copying {
  readonly done: string
  /** Where `yield` leads: the rest is planned anew. */
  readonly planAnew: string
  /** With the error in `$.step.error`. */
  readonly failed: string
  /** Where it leads when the error is kept already, with its code in `$.error`. */
  readonly kept: string
}

/**
 * CopyRows: two keepers of the snapshot beside the lanes, and beside both the lanes that build indexes. Keepers and index
 * lanes end when the ledger says that copying has ended, these with nothing left to build, and SummariseCopy writes that. Where the summary fails, nobody may have written it and the keepers would stay for ever: so
 * that branch fails, which ends them too, once its error is kept: a Fail state passes on a code and a text. All other branches end with a verdict.
 */
export function copying({ done, planAnew, failed, kept }: Copying): States {
  return {
    CopyRows: {
      Type: 'Parallel',
      Comment:
        'The rows, as one consistent view: keepers hold the snapshot that all lanes read by; indexes of what is complete',
      // The odd keeper begins; the even one takes the snapshot over before the odd one's time is up, and so on.
      Branches: [keeper('KeepSnapshotOdd', 1), keeper('KeepSnapshotEven', 2), copyBranch(), indexBranch()],
      ResultSelector: { 'odd.$': '$[0]', 'even.$': '$[1]', 'lanes.$': '$[2]', 'indexes.$': '$[3]' },
      ResultPath: '$.copy',
      Catch: [catchAll('HasCopyingFailed')],
      Next: 'AfterCopyRows',
    },
    AfterCopyRows: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.copy.indexes.verdict', StringEquals: 'failed', Next: 'KeepIndexFailure' },
        // Lanes that are done have read by the snapshot; how its keepers ended afterwards changes nothing.
        { Variable: '$.copy.lanes.verdict', StringEquals: 'done', Next: done },
        { Variable: '$.copy.odd.verdict', StringEquals: 'failed', Next: 'KeepOddFailure' },
        { Variable: '$.copy.even.verdict', StringEquals: 'failed', Next: 'KeepEvenFailure' },
      ],
      Default: planAnew,
    },
    KeepIndexFailure: keep('$.copy.indexes', failed),
    KeepOddFailure: keep('$.copy.odd', failed),
    KeepEvenFailure: keep('$.copy.even', failed),
    HasCopyingFailed: {
      Type: 'Choice',
      Comment: 'A branch that failed has kept its error; one that Step Functions itself has ended has not',
      Choices: [{ Variable: '$.crash.Error', StringMatches: 'States.*', Next: 'GiveUpCopyRows' }],
      Default: 'TakeCopyFailure',
    },
    TakeCopyFailure: { Type: 'Pass', Parameters: { 'code.$': '$.crash.Error' }, ResultPath: '$.error', Next: kept },
    GiveUpCopyRows: lose('CopyRows', failed),
  }
}

const FAILED = keepingOf('KeepCopyingError')

/** Of the history of the database's execution each keeper has so much, three days: nobody else there calls so often. */
const KEEPERS_FIRST_EVENTS = 2_000

/** @param number the event's `lane`: 1 for the odd keeper, 2 for the even one */
function keeper(name: 'KeepSnapshotOdd' | 'KeepSnapshotEven', number: 1 | 2): Scope {
  const end = `End${name}`
  return {
    StartAt: name,
    States: {
      ...chapters({
        name,
        comment: 'Holds the exported snapshot open until copying has ended',
        calls: 'KeepSnapshotFunction',
        level: 'database',
        extra: { lane: number },
        first: KEEPERS_FIRST_EVENTS,
        done: end,
        failed: end,
      }),
      [end]: {
        Type: 'Pass',
        Parameters: { 'verdict.$': '$.step.verdict', 'error.$': '$.step.error' },
        End: true,
      },
    },
  }
}

function copyBranch(): Scope {
  return {
    StartAt: 'CopyLanes',
    States: {
      ...lanes({
        name: 'CopyLanes',
        comment: 'N lanes, each takes chunk after chunk',
        lane: 'CopyLane',
        laneComment: 'Claims chunks, copies them and writes their receipts, a transaction each',
        calls: 'CopyLaneFunction',
        items: '$.plan.lanes',
        results: '$.results',
        next: 'SummariseCopy',
        failed: FAILED,
      }),
      ...step({
        name: 'SummariseCopy',
        comment: 'Says in the ledger that copying has ended, and how: done, to be planned anew, or failed',
        calls: 'SummariseCopyFunction',
        level: 'database',
        extra: { 'results.$': '$.results' },
        done: 'IsPlanOfView',
        yielded: 'EndCopying',
        failed: FAILED,
      }),
      IsPlanOfView: {
        Type: 'Choice',
        Comment:
          'What was created or changed on the source between the plan and the view is planned in the view, while the keepers hold it',
        Choices: [{ Variable: '$.step.output.planAnew', BooleanEquals: true, Next: 'PlanInView' }],
        Default: 'EndCopying',
      },
      ...inView('PlanInView', 'PlanObjectsFunction', 'Plans anew what differs, as of the view', 'CutInView'),
      ...inView('CutInView', 'PlanCopyFunction', 'Cuts the tables that were added', 'CreateInView'),
      ...inView('CreateInView', 'CreateObjectsFunction', 'Makes what was added or changed', 'CopyLanes'),
      EndCopying: {
        Type: 'Pass',
        Parameters: { 'verdict.$': '$.step.verdict', 'error.$': '$.step.error' },
        End: true,
      },
      ...keeping('KeepCopyingError', into('CopyingFailed')),
      ...ending('CopyingFailed', '$.error'),
    },
  }
}

/** A step that ran before the copy, again beside the keepers. */
function inView(name: string, calls: FunctionName, comment: string, done: string): States {
  return step({ name, comment, calls, level: 'database', extra: { inView: true }, done, failed: FAILED })
}

/** A branch's end as the step that the failure path reads. */
function keep(from: string, next: string): States[string] {
  return { Type: 'Pass', InputPath: from, ResultPath: '$.step', Next: next }
}
