import { largeObjectDigests } from '../../lambdas/core/rows/large-objects.ts'
import { compareSlice, type Digested } from '../../lambdas/stages/validate/drill-down/compare-large-objects.ts'
import { both } from '../../lambdas/stages/validate/drill-down/drill-down.ts'
import type { Ends } from './ends.ts'
import type { Item } from './read-ranges.ts'

export interface DifferentObject {
  readonly what: 'missing' | 'surplus' | 'different'
  readonly id: string
}

/** Which large objects of a range differ. */
export async function differentObjects(
  ends: Ends,
  { range }: Item,
  modern: boolean,
): Promise<readonly DifferentObject[]> {
  const query = largeObjectDigests(range.lower, range.upper, modern)
  const [here, there] = await both(ends, (session) => session.rows<Digested>(query))
  const found: DifferentObject[] = []
  compareSlice(here, there, (what, id) => found.push({ what, id }))
  return found
}
