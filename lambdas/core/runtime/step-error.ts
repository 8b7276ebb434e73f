import type { SampanError } from './errors.ts'
import type { StepError } from './verdict.ts'

/** 64 lanes may each bring an error home, and the state between two steps holds 256 KiB. */
export const LONGEST_MESSAGE = 500
export const LONGEST_REMEDY = 300

/** A SampanError as it travels through the state machine: one line each, of bounded length. The log has all of it. */
export function toStepError(error: SampanError): StepError {
  const share = 1 + error.besides.length
  const bounded = ({ code, message, remedy }: Pick<StepError, 'code' | 'message' | 'remedy'>) => ({
    code,
    message: oneLine(message, Math.floor(LONGEST_MESSAGE / share)),
    remedy: oneLine(remedy, LONGEST_REMEDY),
  })
  const besides = share === 1 ? {} : { besides: error.besides.map(bounded) }
  return { kind: error.kind, ...bounded(error), ...besides }
}

/** The first line, without passwords in addresses (`postgres://user:password@host`), at most `length` characters. */
export function oneLine(text: string, length: number): string {
  const line = (text.split('\n', 1)[0] ?? '').replace(/(\/\/[^\s/:@]*):[^\s/@]*@/g, '$1:***@')
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`
}
