/**
 * The workflow as `sampan run` runs it, in a process that can be killed, and whose handlers say when they are called and
 * what they answer. One call can be held until the parent says "go", be delivered twice, or run out of time.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StepContext } from '../../lambdas/runtime/event.ts'
import type { StepAnswer } from '../../lambdas/runtime/verdict.ts'
import { readTask } from '../../lambdas/task/problems.ts'
import { newExecutionName } from '../../local/execution-name.ts'
import { type Handlers, loadHandlers } from '../../local/handlers.ts'
import type { LambdaHandler } from '../../local/interpreter/calls.ts'
import { runTask } from '../../local/run-task.ts'
import type { FunctionName } from '../../statemachine/functions.ts'

/** What happens to a call from within; the rest happens from outside. */
export type InnerFault =
  | {
      readonly kind: 'duplicate'
      /** `beside`: both at once, the one that the index names is heard; `late`: again when the run has gone on. */
      readonly when: 'beside' | 'late'
      readonly heard: 0 | 1
      readonly milliseconds: number
    }
  | {
      readonly kind: 'time-out'
      /** `told`: the handler sees its time end; `cut`: it is aborted without a warning; `lost`: it goes on unheard. */
      readonly how: 'told' | 'cut' | 'lost'
      readonly milliseconds: number
      /** So many calls have so little time. */
      readonly calls: number
    }

export interface VictimOptions {
  readonly task: string
  readonly out: string
  /** The call it is about, counted from 1; `null`: any run. */
  readonly target: { readonly step: FunctionName; readonly call: number } | null
  /** True: the call waits until the parent says "go". */
  readonly gate: boolean
  readonly fault: InnerFault | null
}

/** What the parent hears. */
export type Message =
  | { readonly type: 'called'; readonly step: string; readonly call: number }
  | { readonly type: 'answered'; readonly step: string; readonly call: number; readonly answer: StepAnswer }
  | { readonly type: 'ended'; readonly exitStatus: number; readonly code: string | null; readonly message: string }

const options = JSON.parse(process.argv[2] ?? '{}') as VictimOptions
const { target, fault } = options
const go = Promise.withResolvers<void>()
/** Calls that nobody waits for any more. */
const unheard: Promise<unknown>[] = []
process.on('message', () => go.resolve())
// Whoever started this is gone: so is the reason for it.
process.on('disconnect', () => process.exit(1))

const say = (message: Message) => process.send?.(message)

function watched(handlers: Handlers): Handlers {
  const counts = new Map<string, number>()
  const entries = Object.entries(handlers).map(([step, handler]): [string, LambdaHandler] => [
    step,
    async (event, context) => {
      const call = (counts.get(step) ?? 0) + 1
      counts.set(step, call)
      say({ type: 'called', step, call })
      const hit = target?.step === step && target.call === call
      if (hit && options.gate) await go.promise
      const answer = await spoil(step, call, handler as Plain)(event as object, context)
      say({ type: 'answered', step, call, answer: answer as StepAnswer })
      return answer
    },
  ])
  return Object.fromEntries(entries) as Handlers
}

type Plain = (event: object, context: StepContext) => Promise<unknown>

function spoil(step: string, call: number, handler: Plain): Plain {
  if (fault === null || target === null || step !== target.step || call < target.call) return handler
  switch (fault.kind) {
    case 'duplicate':
      if (call > target.call) return handler
      return fault.when === 'late'
        ? late(handler, fault.milliseconds)
        : beside(handler, fault.heard, fault.milliseconds)
    case 'time-out':
      return call < target.call + fault.calls ? short(handler, fault.how, fault.milliseconds) : handler
  }
}

function beside(handler: Plain, heard: 0 | 1, milliseconds: number): Plain {
  return async (event, context) => {
    const both = [handler(copy(event), context), sleep(milliseconds).then(() => handler(copy(event), context))]
    unheard.push(...both)
    return both[heard]
  }
}

function late(handler: Plain, milliseconds: number): Plain {
  return (event, context) => {
    const again = { ...context, getRemainingTimeInMillis: () => 20_000 }
    unheard.push(sleep(milliseconds).then(() => handler(copy(event), again)))
    return handler(event, context)
  }
}

function short(handler: Plain, how: 'told' | 'cut' | 'lost', milliseconds: number): Plain {
  return async (event, context) => {
    const until = performance.now() + milliseconds
    if (how === 'told') {
      return handler(event, { ...context, getRemainingTimeInMillis: () => Math.max(0, until - performance.now()) })
    }
    const end = new AbortController()
    const signal = context.signal ? AbortSignal.any([context.signal, end.signal]) : end.signal
    const work = handler(event, { ...context, signal })
    unheard.push(work)
    const timer = new AbortController()
    const over = sleep(milliseconds, undefined, { signal: timer.signal }).then(() => {
      if (how === 'cut') end.abort()
      throw Object.assign(new Error('2026-01-01T00:00:00Z Task timed out'), { name: 'Sandbox.Timedout' })
    })
    try {
      return await Promise.race([work, over])
    } finally {
      over.catch(() => {})
      timer.abort()
    }
  }
}

function copy(event: object): object {
  return JSON.parse(JSON.stringify(event)) as object
}

const input: unknown = JSON.parse(await readFile(options.task, 'utf8'))
const { task, problems } = readTask(input)
if (task === null) throw new Error(JSON.stringify(problems))
const outcome = await runTask({
  input,
  task,
  executionName: newExecutionName(task.name),
  directory: options.out,
  display: 'none',
  signal: new AbortController().signal,
  handlers: watched(await loadHandlers()),
})
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
