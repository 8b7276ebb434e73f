import { giveUpView } from '../../../core/ledger/chunks/round.ts'
import type { Structure } from '../../../core/ledger/objects/structure.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { inTransaction } from '../../../core/postgres/transaction.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { compareStructures, describeChanges } from '../../../core/structure/compare.ts'
import { readStructure, readStructureDigest } from '../../../core/structure/read.ts'
import { READ_IN_VIEW } from '../../../core/structure/structure-beside.ts'
import { type PlanInput, planObjects } from './plan.ts'

/**
 * What pg_dump prints by the server's functions is of the catalogue as it is at that moment, whatever its view. Where something
 * was changed or dropped meanwhile the dump may be of two moments: it is made again, in a newer view. What
 * the task leaves out may change as it likes.
 * @param leftOut names of what does not come
 * @throws SampanError SRC_OBJECTS_CHANGED
 */
export async function requireUnchanged(
  source: Session,
  destination: Session,
  run: string,
  { entries, digest }: Structure,
  generation: number,
  leftOut: () => ReadonlySet<string>,
): Promise<void> {
  await source.execute('COMMIT')
  if ((await readStructureDigest(source)) === digest) return
  const now = await readStructure(source)
  const changed = compareStructures(entries, now.entries).filter(
    ({ what, kind }) => what !== 'created' && !READ_IN_VIEW.has(kind),
  )
  if (changed.length === 0) return
  const others = leftOut()
  const harmful = changed.filter((change) => !others.has(nameKey(change)))
  if (harmful.length === 0) return
  if (generation > 0) await inTransaction(destination, () => giveUpView(destination, run, generation))
  throw new SampanError({
    code: 'SRC_OBJECTS_CHANGED',
    message: `the source’s structure changed while it was being read: ${describeChanges(harmful, 10)}`,
    remedy: 'nothing was written: the objects are read again; hold back changes of the schema while a migration begins',
    retryable: true,
  })
}

/** Of a dump of two moments no plan may be possible: then nothing is left out for certain. */
export function leftOutNames(input: PlanInput): ReadonlySet<string> {
  try {
    const { objects } = planObjects(input)
    const comes = new Set(objects.filter(({ stage }) => stage !== 'never').map(nameKey))
    return new Set(objects.map(nameKey).filter((key) => !comes.has(key)))
  } catch {
    return new Set()
  }
}

function nameKey({ schema, name }: { readonly schema: string | null; readonly name: string }): string {
  return JSON.stringify([schema, name])
}
