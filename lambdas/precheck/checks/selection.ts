import { type Check, findingOf } from '../check.ts'
import { sourceRelations } from '../facts/relations.ts'

export const includeMatchesNothing: Check = {
  code: 'INCLUDE_MATCHES_NOTHING',
  side: 'source',
  level: 'error',
  scope: 'database',
  title: 'every pattern of "include" names something',
  cause: 'a pattern of "include" names no table, view or sequence of the source',
  remedy: 'mend the pattern (upper and lower case count), or take it out',
  async run(context) {
    const relations = await context.fact(sourceRelations)
    const unmatched = context.selection.unmatchedIncludes(relations).filter((pattern) => pattern !== '*.*')
    return findingOf(unmatched, () => `nothing in the source is named by ${unmatched.join(', ')}`)
  },
}

export const excludeMatchesNothing: Check = {
  code: 'EXCLUDE_MATCHES_NOTHING',
  side: 'source',
  level: 'warning',
  scope: 'database',
  title: 'every pattern of "exclude" names something',
  cause: 'a pattern of "exclude" names nothing: what it was meant to leave out may be migrated',
  remedy: 'mend the pattern (upper and lower case count), take it out, or acknowledge this code',
  async run(context) {
    const relations = await context.fact(sourceRelations)
    // Leaving out a ledger that is not there is a habit, not a slip.
    const unmatched = context.selection.unmatchedExcludes(relations).filter((pattern) => pattern !== 'sampan.*')
    return findingOf(unmatched, () => `nothing in the source is named by ${unmatched.join(', ')}`)
  },
}
