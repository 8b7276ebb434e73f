import { fileURLToPath } from 'node:url'
import { Logger } from '@aws-lambda-powertools/logger'
import { appendPrivately } from './private-files.ts'

/** Facts beside the code of a log line. Never a secret, never a row value. */
export type LogFields = Readonly<Record<string, unknown>>

/** Log lines have a code (upper snake case, stable: alarms and queries match it) and fields, no prose. */
export interface StepLogger {
  info(code: string, fields?: LogFields): void
  warn(code: string, fields?: LogFields): void
  error(code: string, fields?: LogFields): void
}

/** One Powertools logger per process: its construction reads the environment and costs a millisecond. */
let root: Logger | undefined

/**
 * A logger whose lines all carry `keys` (run, execution, step, database, lane).
 * @param destination `SAMPAN_LOG`: undefined = standard output through Powertools (Lambda), `off`, or `file:///path`
 */
export function createLogger(destination: string | undefined, keys: LogFields): StepLogger {
  if (destination === 'off') return { info: ignore, warn: ignore, error: ignore }
  if (destination?.startsWith('file:')) return fileLogger(fileURLToPath(destination), keys)
  root ??= new Logger({ serviceName: 'sampan' })
  const logger = root.createChild({ persistentKeys: { ...keys } })
  return {
    info: (code, fields = {}) => logger.info(code, { ...fields }),
    warn: (code, fields = {}) => logger.warn(code, { ...fields }),
    error: (code, fields = {}) => logger.error(code, { ...fields }),
  }
}

function ignore(): void {}

/** The same lines as on Lambda, appended to a file: the terminal belongs to the progress display. */
function fileLogger(path: string, keys: LogFields): StepLogger {
  const write = (level: string, code: string, fields: LogFields = {}) => {
    const line = { level, message: code, timestamp: new Date().toISOString(), ...keys, ...fields }
    try {
      appendPrivately(path, `${JSON.stringify(line)}\n`)
      silent.delete(path)
    } catch (error) {
      tellOnce(path, error)
    }
  }
  return {
    info: (code, fields) => write('INFO', code, fields),
    warn: (code, fields) => write('WARN', code, fields),
    error: (code, fields) => write('ERROR', code, fields),
  }
}

/** Logs that could not be written when they last were tried, and about which that was said. */
const silent = new Set<string>()

/**
 * A log that cannot be written must not take the step with it: its answer says what is wrong, and what is open is still to be
 * closed.
 */
function tellOnce(path: string, error: unknown): void {
  if (silent.has(path)) return
  silent.add(path)
  const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  process.stderr.write(`\nthe log ${path} cannot be written (${why}): lines of it are lost\n`)
}

/** One link of an error's cause chain as it may be logged: no message, since the server's text may quote row values. */
interface LoggedCause {
  readonly name: string
  readonly code: string | null
  /** Where it was thrown. */
  readonly at: string | null
}

/** The cause chain of an error, from the outside in, at most five links. */
export function causesOf(error: Error): readonly LoggedCause[] {
  const causes: LoggedCause[] = []
  for (let cause: unknown = error; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : null
    // The stack begins with the message, which may be of several lines, and of a server's.
    const places = cause.stack?.split(cause.message).at(-1) ?? ''
    const at = places.split('\n').find((line) => /^\s+at /.test(line)) ?? null
    causes.push({ name: cause.name, code, at: at?.trim() ?? null })
  }
  return causes
}
