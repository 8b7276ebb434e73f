import { styleText } from 'node:util'
import { visibleLines } from '../lambdas/core/present/visible.ts'
import { SampanError, toSampanError } from '../lambdas/core/runtime/errors.ts'
import type { Problem } from '../lambdas/core/task/problems.ts'
import { exitStatus } from './exit-status.ts'

interface Told {
  readonly code: string
  readonly message: string
  readonly remedy: string
}

/** An error as two lines: `CODE  cause` and, below the cause, the remedy; below it, in the same form, what was found beside it. */
export function errorText(error: Told & { readonly besides?: readonly Told[] | null | undefined }): string {
  // Not taken apart: the message of an Error is none of the properties that a rest takes along.
  return [error, ...(error.besides ?? [])].map(oneErrorText).join('\n')
}

function oneErrorText(error: Told): string {
  const indent = ' '.repeat(error.code.length + 2)
  const cause = visibleLines(error.message).split('\n').join(`\n${indent}`)
  return `${styleText('red', error.code)}  ${cause}\n${indent}${styleText('dim', visibleLines(error.remedy))}`
}

/** The problems of a task, each with path, cause and remedy. */
export function problemsText(problems: readonly Problem[], file: string): string {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  const lines = problems.map((problem) =>
    errorText({ code: problem.code, message: `${problem.path} ${problem.message}`, remedy: problem.remedy }),
  )
  return [`${file}: ${count}`, ...lines].join('\n')
}

/** Says what is wrong with a task, as JSON on standard output where that is asked for, and sets the exit status. */
export function refuseTask(problems: readonly Problem[], file: string, json = false): void {
  if (json) process.stdout.write(`${JSON.stringify({ type: 'problems', problems })}\n`)
  else process.stderr.write(`${problemsText(problems, file)}\n`)
  process.exitCode = exitStatus.wrongTask
}

/** Prints what was thrown. A stranger shows its stack with SAMPAN_DEBUG set. */
export function printError(thrown: unknown): void {
  process.stderr.write(`${errorText(toSampanError(thrown))}\n`)
  if (process.env.SAMPAN_DEBUG && !(thrown instanceof SampanError) && thrown instanceof Error) {
    process.stderr.write(`${thrown.stack}\n`)
  }
}
