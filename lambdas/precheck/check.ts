import type { CheckContext } from './context.ts'

/**
 * `error` blocks. `warning` blocks until its code is acknowledged in the task, which is what DTS calls "confirm alert
 * details, ignore". `info` never blocks.
 */
export type Level = 'error' | 'warning' | 'info'

/** `destination`: the server will do; `destinationDatabase`: the database itself must exist. */
export type Need = 'source' | 'destination' | 'destinationDatabase'

/** What a check found. It is kept apart from "the check could not run", which is an error thrown (see CannotRun). */
export interface Finding {
  /** What is wrong here, one line, with numbers and names; never a row's value. */
  readonly cause: string
  /** What to do here. @default the check's own remedy */
  readonly remedy?: string
  /** One line per object concerned, or per statement that mends it; cut to the first hundred when written. */
  readonly details?: readonly string[]
  /** One of the check's `codes`, where it can tell more exactly. @default the check's own code */
  readonly code?: string
}

/** A code with its place in the documentation. */
export interface DocumentedCode {
  /** Stable, upper snake case; names what is wrong. Users acknowledge it by this name. */
  readonly code: string
  /** What a finding means and why it matters, one sentence. */
  readonly cause: string
  /** What to do about it, one sentence. */
  readonly remedy: string
}

/** One check: what it asks, how grave a finding is, and how it finds out. One file each, in checks/. */
export interface Check extends DocumentedCode {
  readonly side: 'source' | 'destination' | 'both' | 'task'
  readonly level: Level
  /** `database`: asked once per database of the task. `task`: once, of the servers or of the task itself. */
  readonly scope: 'database' | 'task'
  /** The sessions it works with; without them it does not run. */
  readonly needs: readonly Need[]
  /** What holds when the check passes, e.g. "the source runs PostgreSQL 9.4 to 18". */
  readonly title: string
  /** More exact codes that its findings may carry. */
  readonly codes?: readonly DocumentedCode[]
  /**
   * Nothing found means passed.
   * @throws CannotRun where the question cannot be asked; any other error counts as not run too, except lost connections
   */
  run(context: CheckContext): Promise<readonly Finding[]>
}

/** No finding. */
export const passed: readonly Finding[] = []

/** One finding where there is anything to list, none otherwise. */
export function findingOf(details: readonly string[], cause: (count: number) => string): readonly Finding[] {
  return details.length === 0 ? passed : [{ cause: cause(details.length), details }]
}

/** "1 table", "3 tables". */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`
}
