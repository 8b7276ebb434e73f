import { type Check, count, findingOf, passed } from '../check.ts'
import { codeWithOldNames } from '../facts/code.ts'
import { newNames } from '../facts/names.ts'

/** The precheck looks for words; PlanObjects has the server read what it can read, under the new names. */
export const renameBreaksCode: Check = {
  code: 'RENAME_BREAKS_CODE',
  side: 'source',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source'],
  title: 'no code that is text names what gets another name',
  cause:
    'bodies of functions, SET search_path, arguments of triggers and texts in defaults keep the old names: nothing rewrites them',
  remedy: 'mend each on the destination after the migration, or on the source before; then acknowledge this code',
  codes: [
    {
      code: 'RENAME_BREAKS_OBJECTS',
      cause:
        'PlanObjects has tried the objects under the new names, and some cannot be made: they call a function whose text has an old name',
      remedy: 'mend the function on the source, or acknowledge this code: they are left out, with what needs them',
    },
  ],
  async run(context) {
    const renames = await context.fact(newNames)
    if (renames === null) return passed
    return findingOf(
      await codeWithOldNames(context, renames),
      (number) => `${count(number, 'object')} may have old names in its text`,
    )
  },
}
