/** What is wrong with a wish, by its code; each has words of its own in the precheck. */
export type NameProblemCode =
  | 'NAME_UNKNOWN'
  | 'NAME_TAKEN'
  | 'NAME_RESERVED'
  | 'NAME_INHERITED'
  | 'NAME_OF_TYPE'
  | 'NAME_OF_EXTENSION'
  | 'NAME_AMBIGUOUS'
  | 'COLUMN_NOT_EXCLUDABLE'

/** One thing that keeps the names of a task from being given. */
export interface NameProblem {
  readonly code: NameProblemCode
  /** One line, with the names; reads by itself. */
  readonly text: string
}
