import { isRecord } from '../lambdas/core/task/rule.ts'

/** A task without passwords, and the environment variables they went into. */
export interface HiddenPasswords {
  readonly task: unknown
  readonly variables: Readonly<Record<string, string>>
}

/**
 * Takes the passwords out of a task before it becomes an execution's input: the input is logged, kept and shown, the
 * variables of this process are not. A password file becomes a secret of the form `file:`.
 */
export function hidePasswords(task: unknown): HiddenPasswords {
  if (!isRecord(task)) return { task, variables: {} }
  const variables: Record<string, string> = {}
  const hidden: Record<string, unknown> = { ...task }
  for (const side of ['source', 'destination']) {
    const fields = task[side]
    if (!isRecord(fields)) continue
    const { password, passwordFile, ...rest } = fields
    if (typeof password === 'string') {
      const name = `SAMPAN_SECRET_${side.toUpperCase()}`
      // As JSON, so that a password that is itself a JSON text is not taken for one.
      variables[name] = JSON.stringify({ password })
      hidden[side] = { ...rest, secret: `env:${name}` }
    } else if (typeof passwordFile === 'string') {
      hidden[side] = { ...rest, secret: `file:${passwordFile}` }
    }
  }
  return { task: hidden, variables }
}
