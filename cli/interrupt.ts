import { exitStatus } from './exit-status.ts'

/**
 * One keypress may arrive twice: the terminal signals every process of its group, and npm passes its own signal on to us.
 */
const SAME_KEYPRESS = 1_000

/**
 * The first Ctrl-C (or SIGTERM) stops cleanly, the second one leaves at once.
 * @param stop called on the first one
 * @param leave called right before leaving at once; must be quick and synchronous
 * @returns takes the handlers back
 */
export function onInterrupt(stop: () => void, leave: () => void = () => {}): () => void {
  let first: number | null = null
  const interrupted = () => {
    const now = performance.now()
    if (first === null) {
      first = now
      process.stderr.write('\nstopping: what is open is being closed; Ctrl-C again leaves at once\n')
      stop()
    } else if (now - first > SAME_KEYPRESS) {
      leave()
      process.exit(exitStatus.stopped)
    }
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, interrupted)
  return () => {
    for (const signal of signals) process.off(signal, interrupted)
  }
}
