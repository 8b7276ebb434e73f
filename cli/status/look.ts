import { readWarnings } from '../../lambdas/core/ledger/events.ts'
import { countAtWork } from '../../lambdas/core/ledger/other-start.ts'
import { readPresence } from '../../lambdas/core/ledger/presence.ts'
import { type RunRow, readRun } from '../../lambdas/core/ledger/run.ts'
import { type Progress, readProgress } from '../../lambdas/core/ledger/story/progress.ts'
import { readMovingLanes, readMovingTables } from '../../lambdas/core/ledger/under-way.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import type { FunctionName } from '../../statemachine/functions.ts'
import type { Look } from '../progress/poll.ts'
import { databaseStages } from '../progress/stages.ts'

/** How a database of a run stands, by its ledger. */
export interface Standing extends Look {
  /** The step that comes, or goes on; `null` where all is done. */
  readonly step: FunctionName | null
  /** Sessions that work for it; 0: nobody does. */
  readonly atWork: number
}

/**
 * Reads the ledger of one database.
 * @param after number of the last warning that is known
 * @returns `null` where it knows no such run, or has not begun to count
 */
export async function lookAt(session: Session, run: string, after: number | null): Promise<Standing | null> {
  if ((await readPresence(session, run)).run === null) return null
  const progress = await readProgress(session, run)
  if (progress === null) return null
  const row = await readRun(session, run)
  return {
    progress,
    step: stepOf(row, progress),
    atWork: await countAtWork(session, run),
    tables: await readMovingTables(session, run),
    lanes: await readMovingLanes(session, run),
    warnings: await readWarnings(session, run, after),
  }
}

/** Which step a run is at, by the marks that its steps have left. Pure. */
export function stepOf(
  run: Pick<RunRow, 'state' | 'objectsPlannedAt' | 'copyPlannedAt' | 'copiedAt' | 'validationPlannedAt'>,
  progress: Pick<Progress, 'chunksDone' | 'bytesMoving' | 'indexes' | 'indexesDone' | 'parts' | 'partsDone'>,
): FunctionName | null {
  if (run.state === 'sealed') return null
  if (run.objectsPlannedAt === null) return 'PlanObjectsFunction'
  if (run.copyPlannedAt === null) return 'PlanCopyFunction'
  if (run.copiedAt === null) {
    return progress.chunksDone > 0 || progress.bytesMoving > 0 ? 'CopyLaneFunction' : 'CreateObjectsFunction'
  }
  if (run.validationPlannedAt !== null)
    return progress.partsDone < progress.parts ? 'ValidateLaneFunction' : 'SealFunction'
  return progress.indexesDone < progress.indexes ? 'BuildIndexesFunction' : 'LinkObjectsFunction'
}

/** The steps up to this one, the first of each stage: what the screen is told of a database that others have brought so far. */
export function stepsUpTo(step: FunctionName | null): readonly FunctionName[] {
  const at = databaseStages.findIndex(({ functions }) => step !== null && functions.includes(step))
  const before = at < 0 ? databaseStages : databaseStages.slice(0, at)
  const firsts = before.flatMap(({ functions: [first] }) => (first === undefined ? [] : [first]))
  return step === null ? firsts : [...firsts, step]
}
