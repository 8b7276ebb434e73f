import { onInterrupt } from './interrupt.ts'
import { endRunOnUnexpected } from './unexpected.ts'

/**
 * Does what may have something open: Ctrl-C and what nobody catches stop it by the signal, and it closes what it opened.
 * @returns its result, and whether something unexpected has happened, which has been said
 */
export async function stoppable<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<{ readonly result: Result; readonly unexpected: boolean }> {
  const stopping = new AbortController()
  const release = onInterrupt(() => stopping.abort())
  const wasUnexpected = endRunOnUnexpected(() => stopping.abort())
  try {
    const result = await work(stopping.signal)
    return { result, unexpected: wasUnexpected() }
  } finally {
    wasUnexpected()
    release()
  }
}
