import { randomUUID } from 'node:crypto'
import type { StepContext } from '../../lambdas/core/runtime/event.ts'
import type { Json } from '../../statemachine/asl.ts'
import { DataLimitExceeded, RunStopped, toLambdaError } from './errors.ts'
import { everyState, type Fields } from './prepare.ts'

/** A Lambda handler, whatever its event. */
export type LambdaHandler = (event: never, context: StepContext) => Promise<unknown>

/** Stands in for a service: gets the evaluated Parameters, gives the result. */
export type ServiceHandler = (parameters: Json) => Promise<Json>

type Override = (parameters: Json) => Promise<Json>

interface Calls {
  /** What the interpreter calls, by the name of the Task state. */
  readonly overrides: Record<string, Override>
  /** Resolves when no handler is at work. */
  settled(): Promise<void>
}

const LAMBDA = 'arn:aws:states:::lambda:invoke'
const LARGEST_BYTES = 256 * 1024

/**
 * A call for every Task state: without one the interpreter would call AWS itself.
 * @throws Error that names every function without a handler
 */
export function callsOf(
  definition: Fields,
  handlers: Readonly<Record<string, LambdaHandler>>,
  services: Readonly<Record<string, ServiceHandler>>,
  stopping: AbortSignal,
): Calls {
  const atWork = new Set<Promise<unknown>>()
  const overrides: Record<string, Override> = {}
  const missing = new Set<string>()
  for (const [name, state] of everyState(definition)) {
    if (state.Type !== 'Task') continue
    const call = callOf(name, state, handlers, services, stopping)
    if (typeof call === 'string') missing.add(call)
    else overrides[name] = (parameters) => track(atWork, call(parameters))
  }
  if (missing.size > 0) throw new Error(`no handler for ${[...missing].join(', ')}`)
  return {
    overrides,
    settled: async () => {
      while (atWork.size > 0) await Promise.allSettled(atWork)
    },
  }
}

/** The call of one Task state, or the name of what is missing for it. */
function callOf(
  name: string,
  state: Fields,
  handlers: Readonly<Record<string, LambdaHandler>>,
  services: Readonly<Record<string, ServiceHandler>>,
  stopping: AbortSignal,
): Override | string {
  const resource = String(state.Resource)
  if (resource !== LAMBDA) {
    const service = services[resource]
    if (service === undefined) return resource
    return async (parameters) => {
      if (stopping.aborted) throw new RunStopped()
      return service(parameters)
    }
  }
  const placeholder = String((state.Parameters as Fields).FunctionName).replace(/^\$\{(\w+)\}$/, '$1')
  const handler = handlers[placeholder]
  if (handler === undefined) return placeholder
  const seconds = Number(state.TimeoutSeconds)
  return async (parameters) => {
    if (stopping.aborted) throw new RunStopped()
    const payload = limited(name, 'input', (parameters as { readonly Payload?: Json }).Payload ?? null)
    const answer = await invokeHandler(handler, payload, seconds, stopping)
    return { StatusCode: 200, ExecutedVersion: '$LATEST', Payload: limited(name, 'output', answer) }
  }
}

/**
 * Calls a handler as Lambda would: with a request id, a remaining time, and a signal that fires when the time is up or the
 * run is stopped. (Lambda has no such signal; it freezes the process instead, which nothing can do to a handler here.)
 * @throws the handler's error, as Lambda tells it to Step Functions
 */
export async function invokeHandler(
  handler: LambdaHandler,
  payload: Json,
  seconds: number,
  stopping?: AbortSignal,
): Promise<unknown> {
  const until = performance.now() + seconds * 1000
  const call = new AbortController()
  const end = () => call.abort()
  const timer = setTimeout(end, seconds * 1000)
  // Not AbortSignal.any: a run makes many calls, and each would stay tied to the run's signal until it is collected.
  stopping?.addEventListener('abort', end, { once: true })
  try {
    return await handler(payload as never, {
      awsRequestId: randomUUID(),
      getRemainingTimeInMillis: () => Math.max(0, Math.round(until - performance.now())),
      signal: call.signal,
    })
  } catch (thrown) {
    throw stopping?.aborted ? new RunStopped() : toLambdaError(thrown)
  } finally {
    clearTimeout(timer)
    stopping?.removeEventListener('abort', end)
  }
}

/** The value after a round trip through JSON, as between two services; `undefined` becomes `null`. */
function limited(state: string, what: 'input' | 'output', value: unknown): Json {
  const text = JSON.stringify(value) ?? 'null'
  const bytes = Buffer.byteLength(text)
  if (bytes > LARGEST_BYTES) throw new DataLimitExceeded(state, what, bytes)
  return JSON.parse(text) as Json
}

/** Counts a call as at work until it has settled, also when the interpreter has given it up by a time-out. */
function track<Value>(atWork: Set<Promise<unknown>>, call: Promise<Value>): Promise<Value> {
  atWork.add(call)
  const forget = () => atWork.delete(call)
  call.then(forget, forget)
  return call
}
