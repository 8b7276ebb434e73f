/**
 * Thrown by a step whose run was stopped. The two flags are honoured by the interpreter on one machine: nothing tries the
 * step again and nothing catches the error, so that queued lanes of a stopped run end before they touch a database.
 */
export class StepAborted extends Error {
  readonly isRetryable = false
  readonly isCatchable = false

  constructor(step: string) {
    super(`${step} was stopped`)
    this.name = 'StepAborted'
  }
}
