import type { States } from './asl.ts'

/** What stands between an error's message and its remedy in the cause of a failed execution, which is one text. */
export const BEFORE_REMEDY = '. Remedy: '

/** The state that leads into a Fail state of this name. */
export const into = (name: string) => `Tell${name}`

/**
 * A Fail state and the Pass that leads into it: Step Functions shows error and cause, and nothing else, so the cause has the
 * remedy too. On one machine a Fail state reads paths and no intrinsic functions.
 * @param from where the StepError is
 * @param error the execution's error. @default the StepError's code
 */
export function ending(name: string, from: string, error?: string): States {
  const cause = `States.Format('{}${BEFORE_REMEDY}{}', ${from}.message, ${from}.remedy)`
  const Parameters = { ...(error === undefined ? { 'error.$': `${from}.code` } : { error }), 'cause.$': cause }
  return {
    [into(name)]: { Type: 'Pass', Parameters, Next: name },
    [name]: { Type: 'Fail', ErrorPath: '$.error', CausePath: '$.cause' },
  }
}
