import { bytesText } from '../../lambdas/core/present/units.ts'
import type { Tell } from './progress.ts'

/** Without a terminal a line comes as often as this at most. */
const LINE_MILLISECONDS = 10_000

/** Tells how far a comparison is: one line that is written again on a terminal, else a line now and then. */
export function tellComparing(kind: 'auto' | 'none'): { readonly tell: Tell; end(): void } {
  if (kind === 'none') return { tell: () => {}, end: () => {} }
  const isTerminal = process.stdout.isTTY && process.env.TERM !== 'dumb' && !process.env.CI
  let told = 0
  let open = false
  const tell: Tell = ({ database, bytesRead, bytesAll }) => {
    const percent = bytesAll === 0 ? 100 : Math.floor((100 * bytesRead) / bytesAll)
    const line = `Comparing ${database}: ${bytesText(bytesRead)} of ${bytesText(bytesAll)} read (${percent} %)`
    if (isTerminal) {
      process.stdout.write(`\r\u001b[2K${line.slice(0, Math.max(20, (process.stdout.columns || 80) - 1))}`)
      open = true
    } else if (performance.now() - told > LINE_MILLISECONDS || told === 0) {
      told = performance.now()
      process.stdout.write(`${line}\n`)
    }
  }
  return {
    tell,
    end: () => {
      if (open) process.stdout.write('\r\u001b[2K')
    },
  }
}
