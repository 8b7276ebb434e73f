/** What a fake does wrong on purpose. */
export type Fault =
  /** The service's own "too many calls". */
  | { readonly kind: 'throttle' }
  /** An error answer with this code; nothing happens. */
  | { readonly kind: 'error'; readonly code: string; readonly status?: number; readonly message?: string }
  /** The call is carried out, and the connection ends before the answer. */
  | { readonly kind: 'answer-lost' }
  /** The connection ends before anything happens. */
  | { readonly kind: 'reset' }
  /** No answer, and the connection stays. */
  | { readonly kind: 'silence' }
  /** A gateway's page instead of JSON or XML. */
  | { readonly kind: 'html'; readonly status?: number }
  /** An answer of one's own; nothing happens. */
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  /** Nothing wrong: the call counts only. Lets the first calls through. */
  | { readonly kind: 'none' }
  /** Runs first (e.g. an abort) and is waited for, then the call as usual. */
  | { readonly kind: 'meanwhile'; readonly run: () => unknown }

/** Faults waiting for their call, in order, per action. */
export interface Faults {
  /** The next calls of the action (`*`: of any) meet these faults, one each. */
  next(action: string, ...faults: readonly Fault[]): void
  /** Takes the fault of this call. */
  take(action: string): Fault | undefined
}

export function makeFaults(): Faults {
  const waiting = new Map<string, Fault[]>()
  const takeFrom = (key: string) => waiting.get(key)?.shift()
  return {
    next(action, ...faults) {
      waiting.set(action, [...(waiting.get(action) ?? []), ...faults])
    },
    take: (action) => takeFrom(action) ?? takeFrom('*'),
  }
}

/** The same fault several times. */
export function times(count: number, fault: Fault): readonly Fault[] {
  return Array.from({ length: count }, () => fault)
}
