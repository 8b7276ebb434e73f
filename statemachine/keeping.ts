import type { States } from './asl.ts'
import { step } from './step.ts'

/**
 * The states that keep why a database has failed, a document of the run: `results` of thousands have room for the codes
 * alone, and what catches a Fail state learns the code and a text. Entered by `keepingOf(name)`, with the error in `$.step.error`.
 * @param next where it leads, with the error in `$.error`, whether it could be kept or not
 */
export function keeping(name: string, next: string): States {
  const start = `Start${name}`
  return {
    [keepingOf(name)]: { Type: 'Pass', InputPath: '$.step.error', ResultPath: '$.error', Next: start },
    [start]: { Type: 'Pass', Parameters: { window: null, spent: 0 }, ResultPath: '$.step', Next: name },
    ...step({
      name,
      comment: 'Keeps why the database has failed, for the report: the run’s state has room for the codes alone',
      calls: 'KeepErrorFunction',
      level: 'run',
      extra: { 'place.$': '$.place', 'error.$': '$.error' },
      done: next,
      failed: next,
    }),
  }
}

/** The state that leads into it. */
export const keepingOf = (name: string) => `Begin${name}`
