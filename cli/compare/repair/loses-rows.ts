import type { Relation } from '../../../lambdas/core/ledger/relation.ts'
import { readWrittenTables } from '../../../lambdas/core/ledger/writes.ts'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { listed } from '../../../lambdas/core/present/listed.ts'
import { SampanError } from '../../../lambdas/core/runtime/errors.ts'
import type { ComparedTable } from '../document.ts'

/** Rows that only the destination has would be deleted, and may be an application's own by now. @throws SampanError REPAIR_LOSES_ROWS */
export function requireNoneAlone(tables: readonly ComparedTable[]): void {
  const alone = aloneIn(tables)
  if (alone !== null) throw losesRows(`rows that only it has are in ${alone}`)
}

/** The same of a reload, which deletes all rows of its tables. @throws SampanError RELOAD_LOSES_ROWS */
export function requireNothingLost(tables: readonly ComparedTable[]): void {
  const found = aloneIn(tables)
  if (found === null) return
  throw new SampanError({
    code: 'RELOAD_LOSES_ROWS',
    message: `rows that only the destination has would be lost: ${found}`,
    remedy:
      'nothing was written: look which they are with sampan compare --table; where they may go, give --lose-rows; where an application writes there already, do not reload',
  })
}

/** Tables with rows that only the destination has, and how many; `null`: there are none. */
function aloneIn(tables: readonly ComparedTable[]): string | null {
  const found = tables.filter(({ surplus }) => surplus > 0).map(({ table, surplus }) => `${table} (${surplus})`)
  return found.length === 0 ? null : listed(found)
}

/**
 * Of a row that differs nobody can say who has changed it: not where the server has counted writes to the table since the run was
 * complete. Where it counts nothing, or a crash has taken its counters, this says what it can.
 * @throws SampanError REPAIR_LOSES_ROWS
 */
export async function requireUnwritten(
  destination: Session,
  run: string,
  relations: readonly Relation[],
): Promise<void> {
  const named = new Set(relations.map(({ source }) => nameOf(source)))
  const written = (await readWrittenTables(destination, run)).filter((table) => named.has(nameOf(table)))
  if (written.length === 0) return
  const titles = written.map(({ schema, name }) => `${schema}.${name}`)
  throw losesRows(`since the run was complete somebody has written to ${listed(titles)}`)
}

/** A table of the source that was made anew has another oid. */
const nameOf = ({ schema, name }: { readonly schema: string; readonly name: string }) => JSON.stringify([schema, name])

function losesRows(why: string): SampanError {
  return new SampanError({
    code: 'REPAIR_LOSES_ROWS',
    message: `what was written on the destination would be lost: ${why}`,
    remedy:
      'nothing was written: where an application writes to the destination already, mend by hand what the comparison lists; where what was written there may go, give --lose-rows',
  })
}
