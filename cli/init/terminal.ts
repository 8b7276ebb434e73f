import { createInterface } from 'node:readline/promises'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import type { Ask } from './ask-task.ts'

/**
 * Gives `work` questions that are put on the terminal.
 * @throws SampanError INIT_NO_TERMINAL where there is none; INIT_STOPPED at Ctrl-C or the end of what is typed
 */
export async function withTerminal<Result>(work: (ask: Ask) => Promise<Result>): Promise<Result> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new SampanError({
      code: 'INIT_NO_TERMINAL',
      message: 'there is no terminal to ask on',
      remedy: 'give both ends: sampan init --from postgres://… --to postgres://…, or pipe a task: sampan run - < FILE',
    })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  terminal.on('SIGINT', stop).on('close', stop)
  try {
    return await work(async (question) => (await terminal.question(question, { signal: stopping.signal })).trim())
  } catch (thrown) {
    if (!stopping.signal.aborted) throw thrown
    process.stdout.write('\n')
    throw new SampanError({
      code: 'INIT_STOPPED',
      message: 'stopped: nothing was written',
      remedy: 'start it again',
      cause: thrown,
    })
  } finally {
    terminal.close()
  }
}
