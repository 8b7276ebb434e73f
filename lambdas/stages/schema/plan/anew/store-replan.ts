import { fenceRun } from '../../../../core/ledger/fence.ts'
import { type KnownObject, storeChanges } from '../../../../core/ledger/objects/known.ts'
import type { Session } from '../../../../core/postgres/connect.ts'
import { DatabaseError } from '../../../../core/postgres/errors.ts'
import { listed } from '../../../../core/present/listed.ts'
import { SampanError } from '../../../../core/runtime/errors.ts'
import type { Replan } from './replan.ts'
import { dropIfThere } from './unmake.ts'

/**
 * Takes from the destination what has changed, and writes what is to be made instead; call it inside the transaction that
 * stores the plan. What was copied of a table that goes is copied anew.
 * @throws SampanError SRC_STRUCTURE_CHANGED where something else on the destination stands on what has to go
 */
export async function storeReplan(destination: Session, run: string, changes: Replan): Promise<void> {
  await fenceRun(destination, run)
  await unmake(destination, changes.unmade)
  await storeChanges(destination, run, changes)
}

async function unmake(destination: Session, objects: readonly KnownObject[]): Promise<void> {
  const kept = objects.filter((object) => object.kept && object.kind === 'TABLE')
  if (kept.length > 0) throw keptChanged(kept)
  const drops = objects.map(dropIfThere).filter((sql) => sql !== '')
  if (drops.length === 0) return
  try {
    await destination.execute(drops.join('\n'))
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || thrown.sqlState === null) throw thrown
    throw inTheWay(objects, thrown)
  }
}

/** It stood there before the run: it is not dropped to be made anew. */
function keptChanged(tables: readonly KnownObject[]): SampanError {
  const names = tables.map(({ schema, name }) => `${schema}.${name}`)
  return new SampanError({
    code: 'DST_KEPT_TABLE_CHANGED',
    message: `the source’s structure has changed since these tables, which stood on the destination before the run, were met there: ${listed(names)}`,
    remedy: 'change them on the destination as on the source, and start the task under another name',
  })
}

function inTheWay(objects: readonly KnownObject[], cause: DatabaseError): SampanError {
  const names = objects.map(({ kind, schema, name }) => `${kind} ${schema === null ? '' : `${schema}.`}${name}`)
  return new SampanError({
    code: 'SRC_STRUCTURE_CHANGED',
    message: `the source’s structure has changed since these were made on the destination, and they cannot be dropped there to be made anew: ${listed(names)} (${cause.message})`,
    remedy:
      'drop by hand, on the destination, what stands on them there and is not of this run; then start the task again',
    cause,
  })
}
