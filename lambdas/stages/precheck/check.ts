import type { CheckDescription } from './check-description.ts'
import type { CheckContext } from './context.ts'

export { numberOf as count } from '../../core/present/units.ts'

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

/** One check: what it asks, how grave a finding is, and how it finds out. One file each, in checks/. */
export interface Check extends CheckDescription {
  /**
   * Of a check of scope `task`: a number of each database, asked while its sessions are open. `run` is given them by `ofEachDatabase()`.
   * @throws CannotRun, which is then what `ofEachDatabase()` throws
   */
  ofEach?(context: CheckContext): Promise<number>
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
