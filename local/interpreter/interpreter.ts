import { setTimeout as sleep } from 'node:timers/promises'
import {
  ExecutionAbortedError,
  ExecutionError,
  type RunOptions,
  StateMachine,
  type StateMachineDefinition,
} from 'aws-local-stepfunctions'
import type { Json } from '../../statemachine/asl.ts'
import { callsOf, type LambdaHandler, type ServiceHandler } from './calls.ts'
import { type LocalEvent, toLocalEvent } from './events.ts'
import { longTimer } from './long-timer.ts'
import { prepare } from './prepare.ts'

export interface LocalRun {
  /** The workflow; `toDefinition()` of statemachine/. */
  readonly definition: object
  /**
   * The package need not validate the definition: tests have, with the same validator. It takes a third of a second.
   * @default false
   */
  readonly validated?: boolean
  /** The handlers of the functions, by the name that the definition calls them with: `ReportFunction`, not `${ReportFunction}`. */
  readonly handlers: Readonly<Record<string, LambdaHandler>>
  /** What stands in for other resources, by ARN: `arn:aws:states:::sns:publish`. */
  readonly services?: Readonly<Record<string, ServiceHandler>>
  /** The task. */
  readonly input: unknown
  /** `$$.Execution.Name`. */
  readonly executionName: string
  /** Sees every event, in order. What it throws is a warning: a display must not end a migration. */
  readonly onEvent?: (event: LocalEvent) => void
  /** Sees the data that goes into a state and comes out of it, which Step Functions limits to 256 KiB; for tests. */
  readonly onData?: (state: string, data: unknown) => void
  readonly limits?: LocalLimits
  /** Milliseconds instead of a Wait state's seconds, by state name; for tests. */
  readonly waitTimeOverrides?: Readonly<Record<string, number>>
  /** Milliseconds instead of the intervals of a state's Retry, by state name; for tests. */
  readonly retryIntervalOverrides?: Readonly<Record<string, number>>
}

export interface LocalLimits {
  /** How many iterations of a Map run at once at most. @default 32 */
  readonly concurrency?: number
  /** How long handlers that were told to stop are waited for, seconds. @default 60 */
  readonly settleSeconds?: number
}

/** How an execution ended. */
export type LocalOutcome =
  | { readonly status: 'succeeded'; readonly output: Json }
  /** `error` and `cause` as Step Functions would show them. */
  | { readonly status: 'failed'; readonly error: string; readonly cause: string }
  | { readonly status: 'timed-out' }
  | { readonly status: 'stopped' }

export interface LocalExecution {
  /** Resolves when the execution has ended, every event was seen and no handler is at work any more. Rejects never. */
  readonly promise: Promise<LocalOutcome>
  /** Stops the run and waits as `promise` does. Nothing is cleaned up: CloseAccess is the caller's to call. */
  stop(): Promise<LocalOutcome>
}

type Handlers = NonNullable<NonNullable<RunOptions['overrides']>['taskResourceLocalHandlers']>

const CONCURRENCY = 32
const SETTLE_SECONDS = 60

/**
 * Runs the workflow on this machine, with the handlers themselves as its functions. An adapter over the npm package
 * `aws-local-stepfunctions`, which interprets the states: it maps, it does not interpret, and it closes the gaps between
 * the package and Step Functions.
 * @throws Error when the definition uses what the interpreter would silently ignore, or a handler is missing
 */
export function runLocally(run: LocalRun): LocalExecution {
  const { TimeoutSeconds, ...definition } = prepare(run.definition, run.limits?.concurrency ?? CONCURRENCY)
  const stopping = new AbortController()
  const calls = callsOf(definition, run.handlers, run.services ?? {}, stopping.signal)
  // The package's type knows no Label and no ProcessorConfig; the definition was checked by our own rules.
  const machine = new StateMachine(definition as unknown as StateMachineDefinition, {
    validationOptions: { noValidate: run.validated ?? false },
  })
  const execution = machine.run(JSON.parse(JSON.stringify(run.input)), {
    context: {
      Execution: {
        Id: `arn:aws:states:local:000000000000:execution:Sampan:${run.executionName}`,
        Name: run.executionName,
      },
    },
    overrides: {
      // The package's own JSON type is the same but for readonly.
      taskResourceLocalHandlers: calls.overrides as Handlers,
      waitTimeOverrides: { ...run.waitTimeOverrides },
      retryIntervalOverrides: { ...run.retryIntervalOverrides },
    },
  })
  const drained = drain(execution.eventLogs, run.onEvent ?? (() => {}), run.onData)
  const stop = () => {
    // Our own signal first: abort() lets the rest of a Map and of a Retry begin, and they must find it fired.
    stopping.abort()
    execution.abort()
  }
  // The workflow's time-out is ours, not the package's, for the same reason.
  let timedOut = false
  const timeout = longTimer(Number(TimeoutSeconds) * 1000, () => {
    timedOut = true
    stop()
  })

  const end = async (): Promise<LocalOutcome> => {
    const outcome = await execution.result.then(
      (output): LocalOutcome => ({ status: 'succeeded', output }),
      (error: unknown) => (timedOut ? ({ status: 'timed-out' } as const) : toOutcome(error)),
    )
    timeout.clear()
    // After a failure the package lets queued iterations begin, and handlers it has given up go on: end them too.
    stopping.abort()
    await drained
    const patience = new AbortController()
    await Promise.race([
      calls.settled(),
      sleep((run.limits?.settleSeconds ?? SETTLE_SECONDS) * 1000, undefined, { signal: patience.signal }).catch(
        () => {},
      ),
    ])
    patience.abort()
    return outcome
  }
  const promise = end()

  return {
    promise,
    stop: () => {
      stop()
      return promise
    },
  }
}

/** Always reads the events to their end: the package's queue grows as long as nobody does. */
async function drain(
  events: AsyncGenerator<object>,
  onEvent: (event: LocalEvent) => void,
  onData?: (state: string, data: unknown) => void,
): Promise<void> {
  for await (const event of events) {
    const { type, state } = event as { type?: string; state?: { name: string; input?: unknown; output?: unknown } }
    if (onData && state && type === 'StateEntered') onData(state.name, state.input)
    if (onData && state && type === 'StateExited') onData(state.name, state.output)
    try {
      onEvent(toLocalEvent(event))
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error))
    }
  }
}

function toOutcome(error: unknown): LocalOutcome {
  if (error instanceof ExecutionAbortedError) return { status: 'stopped' }
  const cause = error instanceof ExecutionError ? error.cause : error
  if (cause instanceof Error) {
    // The guard of a stopped run may reach the end before the package's own abort does.
    if ('isCatchable' in cause && cause.isCatchable === false && /^(StepAborted|RunStopped)$/.test(cause.name)) {
      return { status: 'stopped' }
    }
    return { status: 'failed', error: cause.name, cause: cause.message }
  }
  return { status: 'failed', error: 'States.Runtime', cause: String(cause) }
}
