import { type Chunk, storeChunks } from '../../ledger/chunks.ts'
import {
  LARGE_OBJECTS_OID,
  type Relation,
  type RelationForm,
  readRelations,
  storeForms,
} from '../../ledger/relations.ts'
import { markPlanned } from '../../ledger/run.ts'
import type { Session } from '../../postgres/connect.ts'
import { sqlFile } from '../../postgres/sql-file.ts'
import type { Task } from '../../task/task.ts'
import { cutLargeObjects, cutRelation, numberChunks } from './chunking.ts'
import { type ColumnType, type FormServers, isBinarySafe, rowDigest } from './column-form.ts'

const COLUMN_TYPES = sqlFile(new URL('../sql/column-types.sql', import.meta.url))

/**
 * Decides how every relation travels and cuts it into chunks: the plan is data in the ledger, written in one transaction.
 * The number of round trips does not depend on the number of tables.
 */
export async function planCopy(source: Session, destination: Session, task: Task, run: string): Promise<void> {
  const relations = await readRelations(destination, run)
  const servers = await formServers(source, destination)
  const columns = await readColumnTypes(source, relations)
  const forms = relations
    .filter((relation) => relation.oid !== LARGE_OBJECTS_OID)
    .map((relation) => decideForm(relation, columns.get(relation.oid) ?? [], servers, task.validation.mode === 'full'))
  const options = { chunkBytes: task.chunkMegabytes * 1_000_000, sourceVersion: source.serverVersion }
  const cut = await Promise.all(
    relations.map((relation) =>
      relation.oid === LARGE_OBJECTS_OID
        ? largeObjectChunks(source, relation, options.chunkBytes)
        : cutRelation(relation, options),
    ),
  )
  await storePlan(destination, run, forms, numberChunks(cut.flat()))
}

async function storePlan(
  destination: Session,
  run: string,
  forms: readonly RelationForm[],
  chunks: readonly Chunk[],
): Promise<void> {
  await destination.execute('BEGIN')
  try {
    await storeForms(destination, run, forms)
    await storeChunks(destination, run, chunks)
    await markPlanned(destination, run, 'copy_planned_at')
    await destination.execute('COMMIT')
  } catch (thrown) {
    await destination.execute('ROLLBACK').catch(() => {})
    throw thrown
  }
}

async function readColumnTypes(source: Session, relations: readonly Relation[]): Promise<Map<number, ColumnType[]>> {
  const oids = relations.map((relation) => relation.oid)
  const rows = await source.rows<ColumnType>(COLUMN_TYPES, [oids])
  return Map.groupBy(rows, (row) => row.relation)
}

function decideForm(
  relation: Relation,
  types: readonly ColumnType[],
  servers: FormServers,
  digests: boolean,
): RelationForm {
  const byName = new Map(types.map((type) => [type.name, type]))
  const columns = relation.columns.map((name) => byName.get(name)).filter((type) => type !== undefined)
  if (columns.length !== relation.columns.length) {
    // A column went between the plan of the objects and now: its chunk would fail anyway, with the server's own words.
    return { oid: relation.oid, format: 'text', digestSql: null }
  }
  const binary = servers.bothUtf8 && columns.length > 0 && columns.every((column) => isBinarySafe(column, servers))
  return {
    oid: relation.oid,
    format: binary ? 'binary' : 'text',
    digestSql: digests ? rowDigest(columns, servers) : null,
  }
}

async function formServers(source: Session, destination: Session): Promise<FormServers> {
  const monetary = async (session: Session) =>
    (await session.rows<{ name: string }>(`SELECT pg_catalog.current_setting('lc_monetary') AS name`))[0]?.name
  const [sourceMonetary, destinationMonetary] = await Promise.all([monetary(source), monetary(destination)])
  return {
    sourceVersion: source.serverVersion,
    destinationVersion: destination.serverVersion,
    bothUtf8: [source, destination].every((session) => session.parameters.get('server_encoding') === 'UTF8'),
    sameMonetary: sourceMonetary === destinationMonetary,
  }
}

/** Bounds by the number of objects: their sizes are known only one by one. */
async function largeObjectChunks(source: Session, relation: Relation, chunkBytes: number) {
  const count = Math.max(1, Math.ceil(relation.bytes / chunkBytes))
  const bounds = await source.rows<{ first: string }>(
    `SELECT pg_catalog.min(oid::bigint)::text AS first
       FROM (SELECT oid, pg_catalog.ntile($1) OVER (ORDER BY oid) AS part FROM pg_catalog.pg_largeobject_metadata) parts
      GROUP BY part ORDER BY part`,
    [count],
  )
  return cutLargeObjects(bounds.length === 0 ? ['0'] : bounds.map((bound) => bound.first), relation.bytes)
}
