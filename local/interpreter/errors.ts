/** Thrown at the beginning of every call of a run that was stopped. The interpreter honours both flags. */
export class RunStopped extends Error {
  readonly isRetryable = false
  readonly isCatchable = false

  constructor() {
    super('the run was stopped')
    this.name = 'RunStopped'
  }
}

/** Step Functions' own, for data beyond 256 KiB; there too States.ALL does not catch it. */
export class DataLimitExceeded extends Error {
  readonly isRetryable = false
  readonly isCatchable = false

  constructor(state: string, what: 'input' | 'output', bytes: number) {
    super(`the ${what} of ${state} is ${bytes} bytes long, more than the 256 KiB that Step Functions takes`)
    this.name = 'States.DataLimitExceeded'
  }
}

/**
 * An error as Lambda hands it to Step Functions: `Error` is its type and `Cause` the JSON text of
 * `{errorType, errorMessage, trace}`. Errors that nothing may catch go through as they are.
 */
export function toLambdaError(thrown: unknown): unknown {
  if (typeof thrown === 'object' && thrown !== null && 'isCatchable' in thrown && thrown.isCatchable === false) {
    return thrown
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const trace = (error.stack ?? '').split('\n').slice(0, 10)
  const message = JSON.stringify({ errorType: error.name, errorMessage: error.message, trace })
  return Object.assign(new Error(message), { name: error.name })
}
