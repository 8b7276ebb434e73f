import type { Relation } from '../../../lambdas/core/ledger/relation.ts'
import type { TableRepair } from '../../../lambdas/core/ledger/repairs.ts'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { underPath } from '../../../lambdas/core/postgres/search-path.ts'
import { type CopyServers, cargoWhere } from '../../../lambdas/core/rows/cargo.ts'
import { rowsOf, whereOf } from '../../../lambdas/core/rows/select.ts'
import { fly } from '../../../lambdas/stages/copy/stream/flight.ts'
import { readKey } from '../../../lambdas/stages/validate/drill-down/drill-down.ts'
import type { Ends } from '../ends.ts'
import type { Item } from '../read-ranges.ts'
import { looker, requireEqual } from './repair-rows.ts'

/**
 * Copies all rows of a table again, inside the transactions that both ends have open, and looks whether they are equal then. DELETE and not
 * TRUNCATE: whoever reads the table sees its old rows until the new ones are committed, also by an older snapshot.
 * @param items the ranges in which it is compared afterwards
 * @throws SampanError REPAIR_NOT_EQUAL, or what the servers answer
 */
export async function reloadTable(
  ends: Ends,
  relation: Relation,
  items: readonly Item[],
  servers: CopyServers,
): Promise<TableRepair> {
  const { destination } = relation
  const { searchPath } = servers
  const deleted = await countRows(ends.destination, relation, servers)
  const sql = `DELETE FROM ${rowsOf(destination)}${whereOf(destination)}`
  await ends.destination.execute(underPath(searchPath, sql))
  const cargo = cargoWhere(relation, [], null, servers)
  await fly({ rows: ends.source, digests: null }, ends.destination, [cargo], { govern: () => {}, passed: () => {} })
  await requireEqual(relation, items, looker(ends, relation, await readKey(ends.source, relation), servers))
  const inserted = await countRows(ends.destination, relation, servers)
  const { schema, name } = relation.source
  return { schema, name, deleted, inserted }
}

async function countRows(session: Session, { destination }: Relation, { searchPath }: CopyServers): Promise<number> {
  await session.execute(`SET LOCAL search_path = ${searchPath}`)
  const [row] = await session.rows<{ count: number }>(
    `SELECT pg_catalog.count(*)::float8 AS count FROM ${rowsOf(destination)}${whereOf(destination)}`,
  )
  return row?.count ?? 0
}
