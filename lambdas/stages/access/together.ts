import { SampanError, toSampanError } from '../../core/runtime/errors.ts'

/**
 * Waits for all; where several fail, tells all of it at once. Something that may pass goes first: the step is tried again,
 * and only what stays wrong is worth telling.
 */
export async function together<Values extends readonly unknown[]>(
  ...work: { readonly [Index in keyof Values]: Promise<Values[Index]> }
): Promise<Values> {
  const results = await Promise.allSettled(work)
  const thrown = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (thrown.length === 0)
    return results.map((result) => (result.status === 'fulfilled' ? result.value : null)) as unknown as Values
  throw asOne(thrown)
}

function asOne(thrown: readonly unknown[]): unknown {
  const stranger = thrown.find((error) => !(error instanceof SampanError))
  if (thrown.length === 1 || stranger !== undefined) return stranger ?? thrown[0]
  const errors = thrown.map(toSampanError)
  const passing = errors.find((error) => error.retryable)
  if (passing) return passing
  return new SampanError({
    code: 'ACCESS_REFUSED',
    message: errors.map((error) => `${error.code}: ${error.message}`).join('; '),
    remedy: errors.map((error) => error.remedy).join('; '),
    cause: errors[0],
  })
}
