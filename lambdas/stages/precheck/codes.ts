import type { CheckDescription, DocumentedCode } from './check-description.ts'

/** Every code that a check's findings can carry, its own first. */
export function codesOf(check: CheckDescription): readonly DocumentedCode[] {
  return [{ code: check.code, cause: check.cause, remedy: check.remedy }, ...(check.codes ?? [])]
}
