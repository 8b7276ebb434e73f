import { OWN_PATH_SQL, requireOpenSql, sourcePathSql } from '../../core/ledger/calls.ts'
import { type RunEvent, writeEvents } from '../../core/ledger/events.ts'
import { ANALYZE_ONLY, readTrees, type Tree } from '../../core/ledger/objects/statistics.ts'
import type { Session } from '../../core/postgres/connect.ts'
import { DatabaseError, isCancelled } from '../../core/postgres/errors.ts'
import { analyzingSql } from '../../core/rows/upkeep.ts'
import type { StepTools } from '../../core/runtime/step-handler.ts'
import { objectName } from '../../core/structure/object-name.ts'
import { judgeOutcome } from './apply/outcome.ts'

/** No tree of tables holds the end of a run up for longer. */
const LONGEST_MILLISECONDS = 5 * 60_000

type Tools = Pick<StepTools, 'remainingMilliseconds' | 'progressed'>

/**
 * Statistics of partitioned tables as a whole, which those of their partitions are not. Each is tried once: all partitions are locked for one, before 18
 * they are analyzed once more, and the run does not depend on it. What is not made is told by name.
 */
export async function analyzeTrees(destination: Session, run: string, step: Tools): Promise<void> {
  const trees = await readTrees(destination, run)
  // A quarter of the call is kept back for what is behind the last one.
  const reserve = step.remainingMilliseconds() / 4
  for (const tree of trees) {
    const milliseconds = Math.floor(Math.min(LONGEST_MILLISECONDS, step.remainingMilliseconds() - reserve))
    const why = milliseconds > 0 ? await analyzeTree(destination, run, tree, milliseconds) : 'no time was left'
    if (why !== null) await writeEvents(destination, run, [notAnalyzed(tree, why)])
    step.progressed()
  }
}

/**
 * @returns why it has none, one line; `null` where it has
 * @throws SampanError where the session, or the run, is over
 */
async function analyzeTree(
  destination: Session,
  run: string,
  tree: Tree,
  milliseconds: number,
): Promise<string | null> {
  const only = destination.serverVersion >= ANALYZE_ONLY
  try {
    await destination.execute(`BEGIN; SET LOCAL statement_timeout = ${milliseconds}`)
    const statements = [
      requireOpenSql(run),
      sourcePathSql(run),
      analyzingSql({ side: 'destination', ...tree }, only),
      OWN_PATH_SQL,
    ]
    await destination.execute(statements.join(';\n'))
    await destination.execute('COMMIT')
    return null
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || thrown.kind === 'connection') throw thrown
    // Whatever may pass by itself: a run that could not end for want of it would be worse.
    const outcome = judgeOutcome(thrown)
    await destination.execute('ROLLBACK')
    if (isCancelled(thrown)) return `${Math.ceil(milliseconds / 1000)} s did not suffice`
    return outcome.kind === 'failed' ? `${outcome.code}: ${outcome.message}` : thrown.message
  }
}

function notAnalyzed({ schema, name }: Tree, why: string): RunEvent {
  const table = objectName({ kind: 'TABLE', schema, name })
  const message = `${table} has no statistics: those of its partitions together were not made (${why}); mend the cause and ANALYZE it`
  return { level: 'warning', step: 'Analyze', code: 'NOT_ANALYZED', message }
}
