import { type GoneObject, type Present, readMissing, takeBackReceipts } from '../ledger/objects/gone.ts'
import type { Session } from '../postgres/connect.ts'
import { listed } from '../present/listed.ts'
import { objectName } from './object-name.ts'
import { presentKinds, presentSql } from './present-sql.ts'

/** Of objects that have their receipts, and are not there any more. */
const OBJECTS_GONE = 'DST_OBJECTS_GONE' as const

/** What the ledger says was made, and the catalogue does not know: somebody else has dropped or renamed it. */
export function readGone(destination: Session, run: string): Promise<GoneObject[]> {
  return readMissing(destination, run, presentOn(destination))
}

function presentOn({ serverVersion }: Session): Present {
  return { sql: presentSql(serverVersion), kinds: presentKinds(serverVersion) }
}

/** What is gone, and how it comes back. @param again what markGone() answered */
export function goneObjects(gone: readonly GoneObject[], again: boolean) {
  const kept = gone.filter((object) => object.kept)
  if (kept.length > 0) return keptGone(kept)
  const named = gone.map(({ kind, schema, name }) => `${kind} ${objectName({ kind, schema, name })}`)
  return {
    code: OBJECTS_GONE,
    message: `somebody else has dropped or renamed ${gone.length === 1 ? 'one object' : `${gone.length} objects`} on the destination that this run had made: ${listed(named)}`,
    remedy: again
      ? 'keep others from changing the destination, then start the task again: what is gone is made anew, and of tables the rows are copied again'
      : 'rows have gone with it that cannot be told from others: keep others from changing the destination, empty it, and migrate anew',
  } as const
}

function keptGone(kept: readonly GoneObject[]) {
  return {
    code: OBJECTS_GONE,
    message: `somebody else has dropped or renamed ${kept.length === 1 ? 'one object' : `${kept.length} objects`} on the destination that stood there before this run: ${listed(kept.map(({ kind, schema, name }) => `${kind} ${objectName({ kind, schema, name })}`))}`,
    remedy:
      'the run cannot make it as it stood there: give back its name, or make it again as it was, and start the task again: rows of a table that is empty are copied again',
  } as const
}

/**
 * Takes back the receipts of what is gone, so that the next start makes it anew; call it inside a transaction that keeps writers out.
 * @returns false where the next start could not make up for it: nothing is taken back then
 */
export async function markGone(destination: Session, run: string, gone: readonly GoneObject[]): Promise<boolean> {
  if (gone.some(({ kept }) => kept)) return false
  const ids = gone.map(({ id }) => id)
  return takeBackReceipts(destination, run, ids, { code: OBJECTS_GONE, lookedUp: presentOn(destination).kinds })
}
