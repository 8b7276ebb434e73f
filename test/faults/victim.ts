/**
 * The workflow as `sampan run` runs it, in a process that can be killed, and whose handlers say when they are called and
 * what they answer. A call can be held until the parent says "go", be delivered twice, or run out of time.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StepAnswer } from '../../lambdas/core/runtime/verdict.ts'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { type Call, type Handler, runWorkflow } from '../support/run.ts'
import { type Duplicate, type Fault, isInner, type TimeOut } from './fault.ts'

export interface VictimOptions {
  readonly task: string
  readonly out: string
  /** The call of a fault from outside waits until the parent says "go"; those from within are done here. */
  readonly faults: readonly Fault[]
}

/** What the parent hears. */
export type Message =
  | { readonly type: 'called'; readonly step: string; readonly call: number }
  /** The call did not only have too little time: it was over before the step was. */
  | { readonly type: 'felt'; readonly step: string }
  | { readonly type: 'answered'; readonly step: string; readonly call: number; readonly answer: StepAnswer }
  | { readonly type: 'ended'; readonly exitStatus: number; readonly code: string | null; readonly message: string }

const options = JSON.parse(process.argv[2] ?? '{}') as VictimOptions
const gates = new Map(options.faults.filter((fault) => !isInner(fault)).map((fault) => [keyOf(fault), gate()]))
/** Calls that nobody waits for any more. */
const unheard: Promise<unknown>[] = []
process.on('message', (key: string) => gates.get(key)?.resolve())
// Whoever started this is gone: so is the reason for it.
process.on('disconnect', () => process.exit(1))

const say = (message: Message) => process.send?.(message)

function keyOf({ step, call }: Call): string {
  return `${step} ${call}`
}

function gate() {
  return Promise.withResolvers<void>()
}

function watched(which: Call, handler: Handler): Handler {
  return async (event, context) => {
    say({ type: 'called', ...which })
    await gates.get(keyOf(which))?.promise
    const answer = await spoil(which, handler)(event, context)
    say({ type: 'answered', ...which, answer })
    return answer
  }
}

function spoil({ step, call }: Call, handler: Handler): Handler {
  for (const fault of options.faults) {
    if (fault.step !== step || call < fault.call) continue
    if (fault.kind === 'duplicate' && call === fault.call) {
      say({ type: 'felt', step })
      return fault.when === 'late' ? late(handler, fault) : beside(handler, fault)
    }
    if (fault.kind === 'time-out' && call < fault.call + fault.calls) return short(step, handler, fault)
  }
  return handler
}

function beside(handler: Handler, { heard, milliseconds }: Duplicate): Handler {
  return async (event, context) => {
    const first = handler(copy(event), context)
    const second = sleep(milliseconds).then(() => handler(copy(event), context))
    unheard.push(first, second)
    return heard === 0 ? first : second
  }
}

function late(handler: Handler, { milliseconds }: Duplicate): Handler {
  return (event, context) => {
    const again = { ...context, getRemainingTimeInMillis: () => 20_000 }
    unheard.push(sleep(milliseconds).then(() => handler(copy(event), again)))
    return handler(event, context)
  }
}

function short(step: string, handler: Handler, { how, milliseconds }: TimeOut): Handler {
  return async (event, context) => {
    const until = performance.now() + milliseconds
    if (how === 'told') {
      const remaining = () => Math.max(0, until - performance.now())
      const answer = await handler(event, { ...context, getRemainingTimeInMillis: remaining })
      if (remaining() === 0 || answer.verdict !== 'done') say({ type: 'felt', step })
      return answer
    }
    const end = new AbortController()
    const signal = context.signal ? AbortSignal.any([context.signal, end.signal]) : end.signal
    const work = handler(event, { ...context, signal })
    work.catch(() => {})
    unheard.push(work)
    // A call that is done in time is not heard either: a function may time out on its way back.
    await sleep(milliseconds)
    if (how === 'cut') end.abort()
    say({ type: 'felt', step })
    throw Object.assign(new Error('2026-01-01T00:00:00Z Task timed out'), { name: 'Sandbox.Timedout' })
  }
}

function copy(event: object): object {
  return JSON.parse(JSON.stringify(event)) as object
}

const input = JSON.parse(await readFile(options.task, 'utf8')) as TaskInput
const outcome = await runWorkflow(input, options.out, watched)
await Promise.race([Promise.allSettled(unheard), sleep(25_000)])
const last: Message = {
  type: 'ended',
  exitStatus: outcome.exitStatus,
  code: outcome.error?.code ?? null,
  message: outcome.error?.message ?? '',
}
await new Promise<void>((resolve) => {
  if (process.send === undefined) resolve()
  else process.send(last, undefined, undefined, () => resolve())
})
process.exit(outcome.exitStatus)
