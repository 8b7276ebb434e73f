import type { NameProblemCode } from '../../../core/names/problem.ts'
import type { Check } from '../check.ts'
import type { DocumentedCode } from '../check-description.ts'
import { newNames } from '../facts/names.ts'

const PROBLEMS: Readonly<Record<NameProblemCode, Omit<DocumentedCode, 'code'>>> = {
  NAME_UNKNOWN: {
    cause: '"names" or "tables" of the task name a schema, table or column that is not among what is migrated',
    remedy: 'mend the name, or take it out; upper and lower case are compared as written',
  },
  NAME_TAKEN: {
    cause:
      'two objects would have one name: tables, views, sequences, indexes and types of a schema share one space of names',
    remedy: 'give one of them another name in the task ("as"), also where a case policy has brought them together',
  },
  NAME_RESERVED: {
    cause: 'a new name is the server’s own: schemas that begin with pg_, columns such as ctid',
    remedy: 'give another name',
  },
  NAME_INHERITED: {
    cause:
      'an inherited column is called as its parent’s is, and one that two parents have is renamed at neither of them',
    remedy: 'name the column at the parent; of two parents’ column keep the name ("as" with its own name, at both)',
  },
  NAME_OF_TYPE: {
    cause: 'the columns of a table OF a type are the type’s attributes, which the task cannot rename',
    remedy: 'keep the names: "as" with the column’s own name goes before a case policy',
  },
  NAME_OF_EXTENSION: {
    cause: 'an extension lies in the schema, and its functions may name it',
    remedy:
      'keep the schema’s name, or move the extension into another schema on the source: ALTER EXTENSION … SET SCHEMA …',
  },
  COLUMN_NOT_EXCLUDABLE: {
    cause:
      'a column that the task excludes is a view’s, a type’s or a parent’s, or its table’s rows are values elsewhere',
    remedy: 'exclude it where it comes from, exclude what holds its rows, or let it come',
  },
  NAME_AMBIGUOUS: {
    cause: 'one name is given to several objects, or several to one',
    remedy: 'name each object once, and by its own name',
  },
}

/** PlanObjects asks once more, in the view that it plans. */
export const namesRefused: Check = {
  code: 'NAMES_REFUSED',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 'every new name of the task can be given',
  cause: 'new names of the task cannot be given; what PlanObjects finds of the kinds below it tells by this code',
  remedy: 'mend the names in the task, by what is said of each',
  codes: Object.entries(PROBLEMS).map(([code, words]) => ({ code, ...words })),
  async run(context) {
    const problems = (await context.fact(newNames))?.problems ?? []
    return [...Map.groupBy(problems, ({ code }) => code)].map(([code, group]) => ({
      code,
      cause: PROBLEMS[code].cause,
      remedy: PROBLEMS[code].remedy,
      details: group.map(({ text }) => text),
    }))
  },
}
