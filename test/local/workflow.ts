import { type CrashEvent, judgeHandler } from '../../lambdas/core/runtime/judge-handler.ts'
import { stepHandler } from '../../lambdas/core/runtime/step-handler.ts'
import { done, type StepAnswer } from '../../lambdas/core/runtime/verdict.ts'
import type { LambdaHandler } from '../../local/interpreter/calls.ts'
import type { LocalEvent } from '../../local/interpreter/events.ts'
import { runLocally } from '../../local/interpreter/interpreter.ts'
import { everyState } from '../../statemachine/asl.ts'
import { FUNCTIONS, type FunctionName } from '../../statemachine/functions.ts'
import { toDefinition } from '../../statemachine/migration.ts'

/** What a trivial handler sees: any of the steps' events. */
export interface AnyEvent {
  readonly [field: string]: unknown
  readonly database?: { readonly name: string; readonly as: string } | null
  readonly lane?: number | null
}

/** The body of a step, or with `crash()` the end of its process. */
export type Body = (event: AnyEvent, minutes: () => number) => StepAnswer<unknown> | Promise<StepAnswer<unknown>>

export const task = {
  mode: 'migrate',
  onDatabaseError: 'continue',
  databases: [
    { name: 'orders', as: 'orders' },
    { name: 'billing', as: 'billing_2' },
  ],
  retry: { connectionMinutes: 720, otherMinutes: 10 },
}

/** What the functions answer that have something to say when all goes well. `errors` stands for the documents of KeepError. */
const happyWith = (input: unknown, errors: Map<number, unknown>): Partial<Record<FunctionName, Body>> => ({
  ReadTaskFunction: (event) =>
    done({
      repeated: false,
      run: { id: 'orders', execution: event.execution },
      task: { ...(event.input as typeof task), databases: [] },
      list: { count: (event.input as typeof task).databases.length, digest: 'f'.repeat(64) },
      databases: (event.input as typeof task).databases.map((_, place) => place),
    }),
  TakeDatabaseFunction: (event) => {
    const entry = (input as typeof task).databases[event.place as number]
    return done({
      database: { name: entry?.name, as: entry?.as ?? entry?.name },
      task: { ...(event.task as typeof task), databases: [entry] },
    })
  },
  KeepErrorFunction: (event) => {
    errors.set(event.place as number, event.error)
    return done()
  },
  OpenAccessFunction: () => done({ source: { host: 's', port: 5432 }, destination: { host: 'd', port: 5432 } }),
  PrecheckFunction: () => done({ refused: false }),
  PlanObjectsFunction: () => done({ sealed: false }),
  SummariseCopyFunction: () => done({ planAnew: false }),
  PlanCopyFunction: () => done({ lanes: [0, 1, 2], indexLanes: [0, 1], validateLanes: [0, 1] }),
  ReportFunction: (event) => {
    const results = event.results as readonly { readonly place: number; readonly code: string | null }[]
    const failed = results.find(({ code }) => code !== null)
    const error = event.failure ?? (failed === undefined ? null : errors.get(failed.place))
    if (event.refused === true)
      return done({
        status: 'refused',
        error: { code: 'PRECHECK_REFUSED', message: 'the precheck refuses', remedy: 'see it' },
      })
    return done({ status: error === null ? 'succeeded' : 'failed', error })
  },
})

class Crash extends Error {
  override readonly name = 'Runtime.ExitError'
}

/** Ends the process of a function: the wrapper cannot catch it. */
export function crash(): never {
  throw new Crash('signal: killed')
}

const environment = { SAMPAN_ARTEFACTS: 'file:///nowhere' }
const logger = { info() {}, warn() {}, error() {} }

/**
 * Runs the whole migration with trivial handlers behind the real wrapper, the real judge and a virtual clock, which every
 * pause advances.
 */
export async function migrate(
  bodies: Partial<Record<FunctionName, Body>> = {},
  input: unknown = task,
  onData?: (state: string, data: unknown) => void,
) {
  const happy = happyWith(input, new Map())
  const calls: { readonly name: FunctionName; readonly event: AnyEvent }[] = []
  const events: LocalEvent[] = []
  let seconds = 0
  const clock = () => new Date(Date.parse('2026-11-23T00:00:00Z') + seconds * 1000)
  const random = () => 0.5

  const handlerOf = (name: FunctionName): LambdaHandler => {
    const body = bodies[name] ?? happy[name] ?? (() => done())
    const judge = name === 'JudgeCrashFunction' && bodies[name] === undefined ? judgeHandler(clock, random) : undefined
    return async (event: AnyEvent, context) => {
      calls.push({ name, event })
      let crashed: Crash | undefined
      const wrapped = stepHandler(
        name,
        async (given: AnyEvent & { window: null }) => {
          try {
            return await body(given, () => seconds / 60)
          } catch (thrown) {
            if (thrown instanceof Crash) crashed = thrown
            throw thrown
          }
        },
        { environment, logger, clock, random },
      )
      const answer = await (judge?.(event as unknown as CrashEvent, context) ?? wrapped(event as never, context))
      if (crashed !== undefined) throw crashed
      seconds += answer.pause
      return answer
    }
  }

  const definition = toDefinition()
  const atOnce = Object.fromEntries([...everyState(definition)].map(([name]) => [name, 0]))
  const outcome = await runLocally({
    definition,
    handlers: Object.fromEntries(FUNCTIONS.map((name) => [name, handlerOf(name)])),
    input,
    executionName: 'first',
    onEvent: (event) => events.push(event),
    ...(onData ? { onData } : {}),
    waitTimeOverrides: atOnce,
    retryIntervalOverrides: atOnce,
  }).promise
  const count = (name: FunctionName) => calls.filter((call) => call.name === name).length
  return { outcome, calls, events, count, minutes: seconds / 60 }
}
