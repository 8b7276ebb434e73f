import { artefactKey, artefacts } from '../../core/cloud/artefacts.ts'
import { wholeTask } from '../../core/cloud/database-list.ts'
import { readInstances } from '../../core/cloud/instances.ts'
import { requireStillOpen } from '../../core/cloud/still-open.ts'
import { precheckDocumentSchema } from '../../core/documents/precheck.ts'
import { toSampanError } from '../../core/runtime/errors.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done, more } from '../../core/runtime/verdict.ts'
import { requireAsked } from './not-asked.ts'
import { keepTurns, readTurns } from './progress.ts'
import { checks } from './registry.ts'
import { runChecks } from './runner.ts'
import { judgeOutcomes } from './score.ts'
import { CONNECT_PATIENCE } from './sessions.ts'
import { isCrowdedOut } from './turn.ts'

/** What Precheck puts into the state. */
export interface PrecheckOutput {
  readonly refused: boolean
  /** Percent, as DTS's success rate. */
  readonly score: number
}

/**
 * Everything that would make the migration fail later, checked before anything is written. Databases that do not fit a call are left to
 * the next one.
 */
export const handler = stepHandler('Precheck', async (given, step) => {
  const { environment, signal, logger } = step
  const store = artefacts(environment)
  await requireStillOpen(store, given.run)
  const event = { ...given, task: await wholeTask(store, given) }
  const { remainingMilliseconds } = step
  const opening = { event, environment, signal, patience: CONNECT_PATIENCE, remainingMilliseconds }
  const turns = await readTurns(store, event.run, checks)
  // What found no connection is asked again.
  for (const [place, { outcomes }] of turns) if (outcomes.some(isCrowdedOut)) turns.delete(place)
  const known = turns.size
  const keep = async () => {
    if (turns.size === known) return
    await keepTurns(store, event.run, checks, event.task.databases, turns)
    step.progressed()
  }
  const outcomes = await runChecks(opening, checks, await readInstances(store, event.run), turns).catch(
    async (thrown: unknown) => {
      await keep().catch((error: unknown) => logger.warn('PRECHECK_NOT_KEPT', { error: toSampanError(error).code }))
      throw thrown
    },
  )
  if (outcomes === null) {
    await keep()
    logger.info('PRECHECK_GOES_ON', { databases: turns.size, of: event.task.databases.length })
    return more()
  }
  const document = precheckDocumentSchema.parse(judgeOutcomes(outcomes, event.task.precheck.acknowledge))
  await store.write(
    artefactKey(event.run, 'precheck.json'),
    `${JSON.stringify(document, null, 2)}\n`,
    'application/json',
  )
  const blocking = document.items.filter((item) => item.blocks).map((item) => item.code)
  if (!document.refused) requireAsked(outcomes, event.task.precheck.acknowledge)
  logger.info('PRECHECK_DONE', { score: document.score, refused: document.refused, blocking })
  return done<PrecheckOutput>({ refused: document.refused, score: document.score })
})
