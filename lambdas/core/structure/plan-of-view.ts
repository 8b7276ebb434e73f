import { markView, readPlanMark } from '../ledger/objects/structure.ts'
import type { Session } from '../postgres/connect.ts'
import { readStructureDigest } from './read.ts'

/**
 * Whether the plan is of the view that rows are about to be read by: names, columns, trees and sequences of the same moment. The
 * first lane that reads by a view finds out, for all.
 * @param source in the view
 */
export async function isPlanOfView(
  source: Session,
  destination: Session,
  run: string,
  generation: number,
): Promise<boolean> {
  const { digest, generation: known, replanGeneration } = await readPlanMark(destination, run)
  // A ledger without a structure was not planned by PlanObjects.
  if (known >= generation || digest === null) return true
  if (replanGeneration >= generation) return false
  const same = (await readStructureDigest(source)) === digest
  await markView(destination, run, generation, same)
  return same
}
