import { createHash } from 'node:crypto'
import { SampanError } from '../runtime/errors.ts'
import { isRecord } from '../task/rule.ts'
import type { ArtefactStore } from './artefacts.ts'

/** No run can be called so. The documents go with the reports, long after EventBridge has stopped delivering. */
const keyOf = (event: string) => `runs/.starts/${createHash('sha256').update(event).digest('hex')}.json`

/**
 * The execution that an event has started: the caller's own, or the one that was first. EventBridge delivers at least once, and a
 * target has no field for an execution's name, by which Step Functions would refuse the second.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
 * @throws SampanError START_UNREADABLE
 */
export async function firstStartOf(store: ArtefactStore, event: string, execution: string): Promise<string> {
  const key = keyOf(event)
  const mine = JSON.stringify({ event, execution })
  if ((await store.writeIf(key, mine, 'application/json', null)) !== null) return execution
  const first: unknown = JSON.parse((await store.read(key)) ?? 'null')
  if (isRecord(first) && typeof first.execution === 'string') return first.execution
  throw new SampanError({
    code: 'START_UNREADABLE',
    message: `${key}, which says what the event has started, is not as it was written`,
    remedy: 'start the task by another event, or by sampan start',
  })
}
