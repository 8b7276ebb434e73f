import type { z } from 'zod'
import { describeExpectation, describeFound, formatPath, knownFields, type Path, valueAt } from './describe.ts'
import { sizeProblem } from './size.ts'
import { suggest } from './suggest.ts'
import { type Task, taskSchema } from './task.ts'

/** One thing that is wrong with a task. */
export interface Problem {
  /** Where, as in JavaScript: `databases[0].name`; `(task)` for the document itself. */
  readonly path: string
  /** Stable, upper snake case, `TASK_…`. */
  readonly code: string
  /** The cause, one line, to be read after the path. Never the value of a field that may hold a secret. */
  readonly message: string
  /** What to do about it, one line. */
  readonly remedy: string
}

export type ReadTaskResult =
  | { readonly task: Task; readonly problems: readonly [] }
  | { readonly task: null; readonly problems: readonly Problem[] }

type Issue = z.core.$ZodIssue

/** Reads a task and fills in its defaults, or tells everything that is wrong with it at once. */
export function readTask(input: unknown): ReadTaskResult {
  const result = taskSchema.safeParse(input)
  const tooLarge = sizeProblem(input)
  if (result.success && tooLarge === null) return { task: result.data, problems: [] }
  const problems = (result.error?.issues ?? []).flatMap((issue) => toProblems(issue, [], input))
  if (tooLarge !== null) problems.push({ path: formatPath([]), ...tooLarge })
  // A number beyond 2^53 breaks two rules of its field; the reader needs one of them.
  const distinct = new Map(problems.map((problem) => [`${problem.path} ${problem.code}`, problem]))
  return { task: null, problems: [...distinct.values()] }
}

/** One problem as one line: `path: message — remedy`. */
export function formatProblem(problem: Problem): string {
  return `${problem.path}: ${problem.message} — ${problem.remedy}`
}

/** zod's issue as problems; `prefix` is where a union's branch begins. */
function toProblems(issue: Issue, prefix: Path, input: unknown): Problem[] {
  const path = [...prefix, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))]
  switch (issue.code) {
    case 'custom':
      return [ownProblem(issue, path)]
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField(path, key))
    case 'invalid_union':
      return unionProblems(issue.errors, path, input)
    case 'invalid_value':
      return [problem('TASK_CHOICE', path, describeFound(path, input), describeExpectation(path, input))]
    case 'too_small':
    case 'too_big':
      return [problem('TASK_RANGE', path, describeFound(path, input), describeExpectation(path, input))]
    default: {
      const code = valueAt(path, input) === undefined ? 'TASK_MISSING' : 'TASK_TYPE'
      return [problem(code, path, describeFound(path, input), describeExpectation(path, input))]
    }
  }
}

function problem(code: string, path: Path, message: string, remedy: string): Problem {
  return { path: formatPath(path), code, message, remedy }
}

/** A rule of our own carries its code and remedy with it. */
function ownProblem(issue: Issue & { code: 'custom' }, path: Path): Problem {
  const { code, remedy } = issue.params ?? {}
  return problem(
    typeof code === 'string' ? code : 'TASK_INVALID_VALUE',
    path,
    issue.message,
    typeof remedy === 'string' ? remedy : 'correct it',
  )
}

function unknownField(path: Path, key: string): Problem {
  const known = knownFields(path)
  const meant = suggest(key, known)
  return problem(
    'TASK_UNKNOWN_FIELD',
    [...path, key],
    'is not a field of a task',
    meant === null ? `remove it; known here: ${known.join(', ')}` : `did you mean ${meant}?`,
  )
}

/** A union's problems are those of the branch that was meant, where that can be told; else one problem for the value. */
function unionProblems(branches: readonly (readonly Issue[])[], path: Path, input: unknown): Problem[] {
  const rightType = branches.filter((issues) => !issues.some((issue) => isTypeIssue(issue) && issue.path.length === 0))
  const rightKeys = rightType.filter((issues) => !issues.some((issue) => issue.code === 'unrecognized_keys'))
  const meant = rightType.length === 1 ? rightType[0] : rightKeys.length === 1 ? rightKeys[0] : undefined
  if (meant !== undefined) return meant.flatMap((issue) => toProblems(issue, path, input))
  return [problem('TASK_TYPE', path, describeFound(path, input), describeExpectation(path, input))]
}

function isTypeIssue(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value'
}
