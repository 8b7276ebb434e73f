/** What every error of Sampan carries: a stable code, the cause in one line, the remedy in the next. */
export interface SampanErrorFields {
  /** Stable, upper snake case, e.g. `DST_CONNECT_REFUSED`. Documented; never reworded. */
  readonly code: string
  /** What is wrong, one line, without secrets and without row values. */
  readonly message: string
  /** What the reader can do about it, one line. */
  readonly remedy: string
  /** True where waiting can help: the step answers `retry` while its window is open. */
  readonly retryable?: boolean
  /** True where waiting can help what worked before: retryable in the steps of a database, which the precheck has let begin. */
  readonly retryableBehindPrecheck?: boolean
  /** Which retry window a retryable error belongs to. Connection loss waits hours, other errors minutes. */
  readonly kind?: 'connection' | 'other'
  readonly cause?: unknown
  /** What is wrong beside it, where one judgement finds several things. */
  readonly besides?: readonly Pick<SampanErrorFields, 'code' | 'message' | 'remedy'>[] | undefined
}

/** The one error class. Driver and cloud errors are mapped to it at their doors; call sites never match message text. */
export class SampanError extends Error {
  readonly code: string
  readonly remedy: string
  readonly retryable: boolean
  readonly retryableBehindPrecheck: boolean
  readonly kind: 'connection' | 'other'
  readonly besides: NonNullable<SampanErrorFields['besides']>

  constructor(fields: SampanErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.name = 'SampanError'
    this.code = fields.code
    this.remedy = fields.remedy
    this.retryable = fields.retryable ?? false
    this.retryableBehindPrecheck = fields.retryableBehindPrecheck ?? false
    this.kind = fields.kind ?? 'other'
    this.besides = fields.besides ?? []
  }
}

/** Anything thrown, as a SampanError; a stranger becomes `INTERNAL`, not retryable by itself but worth the short window. */
export function toSampanError(thrown: unknown): SampanError {
  if (thrown instanceof SampanError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new SampanError({
    code: 'INTERNAL',
    message: message.split('\n', 1)[0] ?? 'unknown error',
    remedy: 'start the task again; if it happens again, report it with the run’s events',
    retryable: true,
    cause: thrown,
  })
}
