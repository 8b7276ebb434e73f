import type { Scope } from './asl.ts'
import { lanes } from './lanes.ts'
import { step } from './step.ts'

/**
 * The branch beside the copy that makes what comes after the rows: a table's keys and indexes as soon as its rows are there,
 * what needs all rows (materialized views, foreign keys) when the copy has ended. Where the copy is to be planned anew the
 * lanes end too, and begin again beside the next round. It ends with a verdict.
 */
export function indexBranch(): Scope {
  return {
    StartAt: 'BuildIndexes',
    States: {
      ...lanes({
        name: 'BuildIndexes',
        comment: 'Keys and indexes of every table whose rows are there, in lanes of their own; then foreign keys',
        lane: 'BuildIndexesOfLane',
        laneComment: 'Builds index after index; one that outlives its call is taken up by the next',
        calls: 'BuildIndexesFunction',
        items: '$.plan.indexLanes',
        results: '$.results',
        next: 'SummariseIndexes',
        failed: 'EndBuildingIndexes',
      }),
      ...step({
        name: 'SummariseIndexes',
        comment: 'Judges what BuildIndexes came to: done, another round, or failed',
        calls: 'SummariseIndexesFunction',
        level: 'database',
        extra: { 'results.$': '$.results' },
        done: 'EndBuildingIndexes',
        yielded: 'BuildIndexes',
        failed: 'EndBuildingIndexes',
      }),
      EndBuildingIndexes: {
        Type: 'Pass',
        Parameters: { 'verdict.$': '$.step.verdict', 'error.$': '$.step.error' },
        End: true,
      },
    },
  }
}
