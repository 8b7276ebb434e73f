import type { Chunk } from '../../../core/ledger/chunks/chunk.ts'
import { LARGE_OBJECT_PAGE_BYTES, largeObjectDigest, largeObjectPages } from '../../../core/ledger/large-objects.ts'
import { type Relation, rowsOf, whereOf } from '../../../core/ledger/relations.ts'
import { quoteIdentifier, quoteLiteral, quoteQualified } from '../../../core/postgres/identifiers.ts'
import { type SearchPath, underPath } from '../../../core/postgres/search-path.ts'
import type { Cargo } from './flight.ts'
import { readingOfChunk } from './page-ranges.ts'

/** What both servers are, as far as the statements of a chunk depend on it. */
export interface CopyServers {
  /** `server_version_num` of the source. */
  readonly sourceVersion: number
  /** `server_encoding` of the source: text travels in it, the destination converts and checks. */
  readonly sourceEncoding: string
  readonly destinationEncoding: string
  /** Both know `hash_array_extended` (11 and later). */
  readonly modernDigest: boolean
  /** False where the task wants no digests. */
  readonly digests: boolean
  /** Under which both ends read and write rows of the user's. */
  readonly searchPath: SearchPath
}

/** The statements that move one chunk. */
export function chunkCargo(relation: Relation, chunk: Chunk, servers: CopyServers): Cargo {
  if (chunk.kind === 'large_objects') return largeObjectCargo(chunk, servers)
  const options = copyOptions(relation, servers)
  const columns = relation.columns.map(quoteIdentifier).join(', ')
  const table = quoteQualified(relation.schema, relation.name)
  const digest = digestQuery(relation, chunk, servers)
  // A list without columns is no SQL; without one COPY FROM takes every column that is not generated: none as well.
  const into = columns === '' ? table : `${table} (${columns})`
  return {
    copyOut: underPath(
      servers.searchPath,
      `COPY (SELECT ${columns} FROM ${rowsOfChunk(relation, chunk, servers)}) TO STDOUT ${options}`,
    ),
    copyIn: underPath(servers.searchPath, `COPY ${into} FROM STDIN ${options}`),
    digest: digest === null ? null : underPath(servers.searchPath, digest),
    afterwards: null,
  }
}

/** Row count and digest of a chunk on the source, one row of two texts; `null` where nothing is compared. */
export function digestQuery(relation: Relation, chunk: Chunk, servers: CopyServers): string | null {
  if (chunk.kind === 'large_objects') {
    return servers.digests ? largeObjectDigest(chunk.lower, chunk.upper, servers.modernDigest) : null
  }
  if (relation.digestSql === null) return null
  return `SELECT pg_catalog.count(*)::text, COALESCE(pg_catalog.sum(${relation.digestSql}), 0)::text FROM ${rowsOfChunk(relation, chunk, servers)}`
}

/** Line pointers of a page at most (MaxHeapTuplesPerPage): a header of 24 bytes, 28 bytes for the smallest row. */
const LINES_PER_PAGE = `(pg_catalog.current_setting('block_size')::integer - 24) / 28`

function rowsOfChunk(relation: Relation, chunk: Chunk, servers: CopyServers): string {
  return `${rowsOf(relation)}${whereOf(relation, ...chunkConditions(relation, chunk, servers))}`
}

function chunkConditions(relation: Relation, chunk: Chunk, servers: CopyServers): readonly string[] {
  switch (chunk.kind) {
    case 'whole':
    case 'large_objects':
      return []
    case 'tid':
      return readingOfChunk(relation, chunk, servers.sourceVersion) === 'array'
        ? [tidArray(relation, chunk)]
        : tidRange(chunk)
    case 'key':
      return keyRange(chunk)
  }
}

/** The conditions of a range of a key; none where the chunk has no bound. */
export function keyRange(chunk: Chunk): readonly string[] {
  return range(keyRow(chunk.keyColumn ?? '[]'), chunk, boundRow)
}

function tidRange(chunk: Chunk): readonly string[] {
  return range('ctid', chunk, (page) => `'(${page},0)'::pg_catalog.tid`)
}

/** The key's columns as the left side of a comparison of rows, which is in the order of their index. */
function keyRow(names: string): string {
  return `(${texts(names).map(quoteIdentifier).join(', ')})`
}

/** Literals without a type: each takes its column's. */
function boundRow(bound: string): string {
  return `(${texts(bound).map(quoteLiteral).join(', ')})`
}

function texts(json: string): readonly string[] {
  return JSON.parse(json) as readonly string[]
}

function range(column: string, chunk: Chunk, literal: (bound: string) => string): readonly string[] {
  const conditions: string[] = []
  if (chunk.lower !== null) conditions.push(`${column} OPERATOR(pg_catalog.>=) ${literal(chunk.lower)}`)
  if (chunk.upper !== null) conditions.push(`${column} OPERATOR(pg_catalog.<) ${literal(chunk.upper)}`)
  return conditions
}

/** Every possible TID of the pages, as an array: a Tid Scan reads these pages only. The last chunk reads to the end as it is now. */
function tidArray(relation: Relation, chunk: Chunk): string {
  const table = quoteLiteral(quoteQualified(relation.schema, relation.name))
  const end =
    chunk.upper ??
    `(pg_catalog.pg_relation_size(${table}::pg_catalog.regclass) / pg_catalog.current_setting('block_size')::integer)`
  // Half of each text is made once for its page or line, which halves the cost of the array.
  return `ctid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT (pages.half || lines.half)::pg_catalog.tid
    FROM (SELECT pg_catalog.concat('(', page, ',') AS half
            FROM pg_catalog.generate_series(${chunk.lower ?? 0}::bigint, ${end}::bigint - 1) AS page OFFSET 0) pages,
         (SELECT pg_catalog.concat(line, ')') AS half FROM pg_catalog.generate_series(1, ${LINES_PER_PAGE}) AS line OFFSET 0) lines))`
}

function copyOptions(relation: Relation, servers: CopyServers): string {
  if (relation.format === 'binary') return '(FORMAT binary)'
  // ENCODING of the data, not client_encoding of the session: names in our statements stay UTF-8.
  if (servers.sourceEncoding === servers.destinationEncoding && servers.sourceEncoding === 'UTF8')
    return '(FORMAT text)'
  return `(FORMAT text, ENCODING ${quoteLiteral(servers.sourceEncoding)})`
}

/**
 * Large objects travel as pages through a table of the ledger that is empty again before the transaction ends: the frames
 * stay unread here too.
 */
function largeObjectCargo(chunk: Chunk, servers: CopyServers): Cargo {
  const write = 0x20000 // INV_WRITE of libpq-fs.h
  return {
    copyOut: `COPY (${largeObjectPages(chunk.lower, chunk.upper)}) TO STDOUT (FORMAT binary)`,
    copyIn: `COPY sampan.large_object_page (loid, page, data) FROM STDIN (FORMAT binary)`,
    digest: servers.digests ? largeObjectDigest(chunk.lower, chunk.upper, servers.modernDigest) : null,
    afterwards: `
      SELECT pg_catalog.lo_create(missing.loid) FROM (
        SELECT DISTINCT p.loid FROM sampan.large_object_page p
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata m WHERE m.oid = p.loid)) missing;
      SELECT pg_catalog.lo_truncate64(pg_catalog.lo_open(known.loid, ${write}), 0)
        FROM (SELECT DISTINCT loid FROM sampan.large_object_page) known;
      SELECT pg_catalog.lo_put(loid, page * ${LARGE_OBJECT_PAGE_BYTES}::bigint, data) FROM sampan.large_object_page
       WHERE page >= 0;
      DELETE FROM sampan.large_object_page`,
  }
}
