import { describeOtherRun, readEarlierRuns } from '../../core/ledger/other-runs.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { StepEvent } from '../../core/runtime/event.ts'

const RUN_AT_WORK = 'DST_RUN_AT_WORK'

/**
 * Of two runs of other names that begin in one database at once, neither precheck has seen the other: the later one gives way here, before
 * it makes anything. @throws SampanError DST_RUN_AT_WORK
 */
export async function requireAlone(destination: Session, { run, task }: StepEvent): Promise<void> {
  if (task.precheck.acknowledge.includes(RUN_AT_WORK)) return
  const earlier = await readEarlierRuns(destination, run.id)
  if (earlier.length === 0) return
  throw new SampanError({
    code: RUN_AT_WORK,
    message: `a run of another name works in this database: ${earlier.map(describeOtherRun).join('; ')}`,
    remedy: `let it end, or stop it (sampan stop, or Ctrl-C where it runs), then start the task again; where the two migrate nothing in common, add "${RUN_AT_WORK}" to precheck.acknowledge`,
  })
}
