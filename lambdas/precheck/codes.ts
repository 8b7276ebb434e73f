import type { Check, DocumentedCode } from './check.ts'

/** Every code that a check's findings can carry, its own first. */
export function codesOf(check: Check): readonly DocumentedCode[] {
  return [{ code: check.code, cause: check.cause, remedy: check.remedy }, ...(check.codes ?? [])]
}
