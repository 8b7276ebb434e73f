import { z } from 'zod'

/** What a rule of the task says when it is broken: the code is stable, the message never repeats the value. */
export interface BrokenRule {
  /** Stable, upper snake case, `TASK_…`. */
  readonly code: string
  /** The cause, one line, reads after the path: `is not a CIDR block`. */
  readonly message: string
  /** What to do about it, one line. */
  readonly remedy: string
}

/** Where a rule reports that it is broken. */
export type Report = (path: readonly (string | number)[], broken: BrokenRule) => void

/** Text that must fulfil a condition; `pattern` is what the JSON Schema shows of it. */
export function textThat(holds: (text: string) => boolean, broken: BrokenRule, pattern?: RegExp) {
  const text = z.string().refine(holds, { error: broken.message, params: { ...broken } })
  return pattern === undefined ? text : text.meta({ pattern: pattern.source })
}

/** Text of one form. */
export function textLike(pattern: RegExp, broken: BrokenRule) {
  return textThat((text) => pattern.test(text), broken, pattern)
}

/**
 * A rule over several fields. It runs even where single fields are wrong, so that all problems are told at once; it must
 * therefore expect anything in the fields it reads.
 */
export function across<Schema extends z.ZodType>(
  schema: Schema,
  check: (value: Readonly<Record<string, unknown>>, report: Report) => void,
): Schema {
  return schema.superRefine(
    (value, context) => {
      check(value as Readonly<Record<string, unknown>>, (path, broken) =>
        context.addIssue({ code: 'custom', path: [...path], message: broken.message, params: { ...broken } }),
      )
    },
    { when: (payload) => isRecord(payload.value) },
  )
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
