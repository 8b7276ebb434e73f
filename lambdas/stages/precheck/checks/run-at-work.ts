import { describeOtherRun, readOtherRuns } from '../../../core/ledger/other-runs.ts'
import { type Check, count, findingOf } from '../check.ts'

/** PlanObjects carries the same code: of two that begin at once neither precheck sees the other. */
export const runAtWork: Check = {
  code: 'DST_RUN_AT_WORK',
  side: 'destination',
  level: 'warning',
  scope: 'database',
  needs: ['destinationDatabase'],
  title: 'no run of another name works in the destination’s database',
  cause: 'a run of another name works in this database: each would meet what the other one makes',
  remedy:
    'let it end, or stop it (sampan stop, or Ctrl-C where it runs); where the two migrate nothing in common, acknowledge this code',
  async run(context) {
    const others = await readOtherRuns(context.destination, context.event.run.id)
    return findingOf(others.map(describeOtherRun), (number) => `${count(number, 'run')} at work in this database`)
  },
}
