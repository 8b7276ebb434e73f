import { handler } from '../../lambdas/copy/lane-handler.ts'
import type { StepEvent } from '../../lambdas/runtime/event.ts'
import { stepContext } from './events.ts'

/** One call of CopyLane in a process of its own, as on Lambda: says how it ended and how much memory it took. */
const event = JSON.parse(process.argv[2] ?? '{}') as StepEvent
const { verdict, error } = await handler({ ...event, lane: 0 }, stepContext(120))
process.stdout.write(JSON.stringify({ verdict, error, peakBytes: process.resourceUsage().maxRSS * 1024 }))
