import type { SampanError } from './errors.ts'
import type { StepError } from './verdict.ts'

/** 64 lanes may each bring an error home, and the state between two steps holds 256 KiB. */
const LONGEST_MESSAGE = 500
const LONGEST_REMEDY = 300

/** What the errors of all databases of a task may say together, bytes: the state has to hold them. */
const ALL_WORDS = 60_000
/** Fewer characters of a sentence than this say nothing. */
const SHORTEST = 40

/** How much the error of one of so many databases may say, characters of its message and of its remedy. */
export function wordsOf(databases: number): { readonly message: number; readonly remedy: number } {
  const share = ALL_WORDS / Math.max(1, databases)
  const within = (part: number, longest: number) => {
    const words = Math.floor(Math.min(longest, share * part))
    return words < SHORTEST ? 0 : words
  }
  return { message: within(5 / 8, LONGEST_MESSAGE), remedy: within(3 / 8, LONGEST_REMEDY) }
}

/**
 * A SampanError as it travels through the state machine: one line each, of bounded length. The log has all of it.
 * @param databases how many databases the task has: their errors share the state
 */
export function toStepError(error: SampanError, databases = 1): StepError {
  const words = wordsOf(databases)
  return {
    kind: error.kind,
    code: error.code,
    message: oneLine(error.message, words.message),
    remedy: oneLine(error.remedy, words.remedy),
  }
}

/** The first line, without passwords in addresses (`postgres://user:password@host`), at most `length` characters. */
export function oneLine(text: string, length: number): string {
  const line = (text.split('\n', 1)[0] ?? '').replace(/(\/\/[^\s/:@]*):[^\s/@]*@/g, '$1:***@')
  if (length === 0) return ''
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`
}
