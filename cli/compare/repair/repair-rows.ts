import { type Relation, titleOf } from '../../../lambdas/core/ledger/relation.ts'
import type { TableRepair } from '../../../lambdas/core/ledger/repairs.ts'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { underPath } from '../../../lambdas/core/postgres/search-path.ts'
import { type CopyServers, cargoWhere } from '../../../lambdas/core/rows/cargo.ts'
import { isOneOf, type RowHashes, rowHashes } from '../../../lambdas/core/rows/row-hashes.ts'
import { rowsOf, whereOf } from '../../../lambdas/core/rows/select.ts'
import { SampanError } from '../../../lambdas/core/runtime/errors.ts'
import { inBatches } from '../../../lambdas/core/runtime/in-batches.ts'
import { fly } from '../../../lambdas/stages/copy/stream/flight.ts'
import {
  both,
  type FoundDifferences,
  findDifferences,
  type KeyOf,
  readKey,
} from '../../../lambdas/stages/validate/drill-down/drill-down.ts'
import type { Ends } from '../ends.ts'
import type { Item } from '../read-ranges.ts'

/** Rows of one statement. */
const BATCH = 2_000
/** Rows of one table that are repaired; beyond that the table is copied again sooner. */
const MOST_ROWS = 100_000
/** Few enough that a table of small rows has enough buckets. */
const BYTES_PER_ROW = 32

/**
 * Makes the differing rows of some ranges of one table the source's, inside the transactions that both ends have open: what the destination
 * has otherwise or alone is deleted, and what it then lacks is copied. Looked into once more, they have to be equal.
 * @throws SampanError REPAIR_TOO_MUCH, REPAIR_NOT_EQUAL, or what the servers answer
 */
export async function repairTable(
  ends: Ends,
  relation: Relation,
  items: readonly Item[],
  servers: CopyServers,
): Promise<TableRepair> {
  const keyOf = await readKey(ends.source, relation)
  const look = looker(ends, relation, keyOf, servers)
  const version = Math.min(ends.source.serverVersion, ends.destination.serverVersion)
  const [here, there] = [relation.source, relation.destination].map((end) => rowHashes(end, keyOf(end), version)) as [
    RowHashes,
    RowHashes,
  ]
  const deleted: { readonly place: string; readonly key: string }[] = []
  const copied: { readonly place: string; readonly key: string }[] = []
  for (const item of items) {
    const found = await look(item)
    if (!found.complete || found.rows.length + deleted.length + copied.length > MOST_ROWS) throw tooMuch(relation)
    for (const { key, source, destination } of found.rows) {
      if (destination !== null) deleted.push({ place: destination, key })
      if (source !== null) copied.push({ place: source, key })
    }
  }
  // All that goes, before anything comes: what comes may have the key of what goes.
  for (const batch of inBatches(deleted, BATCH)) {
    const where = whereOf(relation.destination, ...isOneOf(there, batch))
    await ends.destination.execute(underPath(servers.searchPath, `DELETE FROM ${rowsOf(relation.destination)}${where}`))
  }
  const cargo = inBatches(copied, BATCH).map((batch) => cargoWhere(relation, isOneOf(here, batch), null, servers))
  if (cargo.length > 0)
    await fly({ rows: ends.source, digests: null }, ends.destination, cargo, { govern: () => {}, passed: () => {} })
  await requireEqual(relation, items, look)
  const { schema, name } = relation.source
  return { schema, name, deleted: deleted.length, inserted: copied.length }
}

type Look = (item: Item) => Promise<FoundDifferences>

/** Looks into a range of a table, inside the transactions that both ends have open. */
export function looker(ends: Ends, relation: Relation, keyOf: KeyOf, servers: CopyServers): Look {
  return async (item) => {
    // Every COPY puts our own path back.
    await both(ends, (session) => session.execute(`SET LOCAL search_path = ${servers.searchPath}`))
    const range = item.range.kind === 'key' ? { range: item.range } : {}
    return findDifferences(ends, relation, {
      keyOf,
      rows: item.bytes / BYTES_PER_ROW,
      mostRows: MOST_ROWS + 1,
      ...range,
    })
  }
}

/** @throws SampanError REPAIR_NOT_EQUAL */
export async function requireEqual(relation: Relation, items: readonly Item[], look: Look): Promise<void> {
  for (const item of items) {
    const { missing, surplus, different } = await look(item)
    if (missing + surplus + different > 0) throw notEqual(relation)
  }
}

/**
 * Of rows without a key it is their digest that says which one is wrong: where it says nothing of a column, a right one might go.
 * @param partly source oids of the tables of which that is so
 * @throws SampanError REPAIR_ROWS_ALIKE
 */
export async function requireTellable(
  source: Session,
  relations: readonly Relation[],
  partly: ReadonlySet<number>,
): Promise<void> {
  const alike: string[] = []
  for (const relation of relations) {
    const isWhole = relation.source.digestSql !== null && !partly.has(relation.oid)
    if (!isWhole && (await readKey(source, relation))(relation.source).length === 0) alike.push(titleOf(relation))
  }
  if (alike.length === 0) return
  throw new SampanError({
    code: 'REPAIR_ROWS_ALIKE',
    message: `rows of tables without a primary key cannot be told apart, as some column is not compared: ${alike.join(', ')}`,
    remedy: 'nothing was written: repair these tables by hand, or name the others with --table',
  })
}

function tooMuch(relation: Relation): SampanError {
  return new SampanError({
    code: 'REPAIR_TOO_MUCH',
    message: `of ${titleOf(relation)} more than ${MOST_ROWS} rows differ: that is no repair`,
    remedy:
      'nothing was written: copy all of the table again, with sampan reload TASK --table SCHEMA.TABLE; or name the other tables with --table',
  })
}

function notEqual(relation: Relation): SampanError {
  return new SampanError({
    code: 'REPAIR_NOT_EQUAL',
    message: `${titleOf(relation)} is not equal behind its repair, which was taken back`,
    remedy:
      'nothing was written: look for columns of another type than on the source, or a trigger that is enabled for replicas; compare with --values',
  })
}
