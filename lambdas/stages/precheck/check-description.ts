/**
 * `error` blocks. `warning` blocks until its code is acknowledged in the task, which is what DTS calls "confirm alert
 * details, ignore". `info` never blocks.
 */
export type Level = 'error' | 'warning' | 'info'

/** `destination`: the server will do; `destinationDatabase`: the database itself must exist. */
export type Need = 'source' | 'destination' | 'destinationDatabase'

/** A code with its place in the documentation. */
export interface DocumentedCode {
  /** Stable, upper snake case; names what is wrong. Users acknowledge it by this name. */
  readonly code: string
  /** What a finding means and why it matters, one sentence. */
  readonly cause: string
  /** What to do about it, one sentence. */
  readonly remedy: string
}

/** What a check is about: all of it but the asking. */
export interface CheckDescription extends DocumentedCode {
  readonly side: 'source' | 'destination' | 'both' | 'task'
  readonly level: Level
  /** `database`: asked once per database of the task. `task`: once, of the servers or of the task itself. */
  readonly scope: 'database' | 'task'
  /** The sessions it works with; without them it does not run. */
  readonly needs: readonly Need[]
  /** What holds when the check passes, e.g. "the source runs PostgreSQL 9.4 to 18". */
  readonly title: string
  /** It is about objects that are made: not asked where rows alone come. @default false */
  readonly ofObjects?: true
  /** More exact codes that its findings may carry. */
  readonly codes?: readonly DocumentedCode[]
}
