import { artefactKey, artefacts } from '../../core/cloud/artefacts.ts'
import { wholeTask } from '../../core/cloud/database-list.ts'
import { readInstances } from '../../core/cloud/instances.ts'
import { requireStillOpen } from '../../core/cloud/still-open.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { done } from '../../core/runtime/verdict.ts'
import { precheckDocumentSchema } from './document.ts'
import { checks } from './registry.ts'
import { runChecks } from './runner.ts'
import { judgeOutcomes } from './score.ts'
import { CONNECT_PATIENCE } from './sessions.ts'

/** What Precheck puts into the state. */
export interface PrecheckOutput {
  readonly refused: boolean
  /** Percent, as DTS's success rate. */
  readonly score: number
}

/** Everything that would make the migration fail later, checked before anything is written. */
export const handler = stepHandler('Precheck', async (given, step) => {
  const { environment, signal, logger } = step
  const store = artefacts(environment)
  await requireStillOpen(store, given.run)
  const event = { ...given, task: await wholeTask(store, given) }
  const opening = { event, environment, signal, patience: CONNECT_PATIENCE }
  const outcomes = await runChecks(opening, checks, await readInstances(store, event.run))
  const document = precheckDocumentSchema.parse(judgeOutcomes(outcomes, event.task.precheck.acknowledge))
  await store.write(
    artefactKey(event.run, 'precheck.json'),
    `${JSON.stringify(document, null, 2)}\n`,
    'application/json',
  )
  const blocking = document.items.filter((item) => item.blocks).map((item) => item.code)
  logger.info('PRECHECK_DONE', { score: document.score, refused: document.refused, blocking })
  return done<PrecheckOutput>({ refused: document.refused, score: document.score })
})
