import type { StepEvent } from '../../core/runtime/event.ts'
import { stepHandler } from '../../core/runtime/step-handler.ts'
import { closeStream } from './close.ts'
import { follow } from './follow.ts'
import { prepareStream } from './open.ts'
import { proveStandstill } from './prove.ts'

/** What the states of following call. */
export interface FollowEvent extends StepEvent {
  readonly what: 'prepare' | 'follow' | 'prove' | 'close'
}

const bodies = { prepare: prepareStream, follow, prove: proveStandstill, close: closeStream } as const

/** PrepareStream, Follow, ProveStandstill and CloseStream: what lies between the copy of a source that goes on changing and its cutover. */
export const handler = stepHandler('Follow', (event: FollowEvent, step) => bodies[event.what](event, step))
