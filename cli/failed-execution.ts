import { BEFORE_REMEDY } from '../statemachine/ending.ts'

/** A failed execution's error and cause, as the workflow writes them, taken apart again; `null` for what it has not written. */
export function readCause(error: string, cause: string) {
  const at = cause.lastIndexOf(BEFORE_REMEDY)
  if (at < 0) return null
  return { code: error, message: cause.slice(0, at), remedy: cause.slice(at + BEFORE_REMEDY.length) }
}
