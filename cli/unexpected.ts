import { SampanError } from '../lambdas/core/runtime/errors.ts'
import { causesOf, createLogger } from '../lambdas/core/runtime/logging.ts'
import { exitStatus } from './exit-status.ts'
import { printError } from './problem-text.ts'

/** How long a run may take to close what it opened, milliseconds, when it is no longer known what works. */
const PATIENCE = 300_000

let end: (() => void) | null = null
let happened = false

/**
 * What nobody catches ends the process with an error of ours: neither a stack trace, which may quote anything, nor a run that
 * leaves open what it opened.
 */
export function guardProcess(): void {
  process.on('uncaughtException', unexpected)
  process.on('unhandledRejection', unexpected)
}

/**
 * From now on a run is under way: it is stopped, which closes what is open, before the process ends.
 * @returns takes it back, and says whether something unexpected has happened
 */
export function endRunOnUnexpected(stop: () => void): () => boolean {
  end = stop
  return () => {
    end = null
    return happened
  }
}

function unexpected(thrown: unknown): void {
  if (happened) return
  happened = true
  const error = thrown instanceof Error ? thrown : new Error('something that is no error was thrown')
  const [cause] = causesOf(error)
  const name = [cause?.name, cause?.code].filter(Boolean).join(' ')
  printError(
    new SampanError({
      code: 'INTERNAL',
      message: `something happened that nothing was prepared for (${name})${end === null ? '' : '; what is open is being closed'}`,
      remedy: 'start the same task again: it continues where it was; if it happens again, report it with log.jsonl',
    }),
  )
  process.exitCode = exitStatus.failed
  try {
    if (process.env.SAMPAN_LOG) createLogger(process.env.SAMPAN_LOG, {}).error('INTERNAL', { causes: causesOf(error) })
  } catch {
    // It may be the log itself that cannot be written.
  }
  if (end === null) process.exit(exitStatus.failed)
  setTimeout(() => process.exit(exitStatus.failed), PATIENCE).unref()
  end()
}
