import { LARGE_OBJECT_PAGE_COPY, largeObjectsWritten } from '../ledger/large-object-page.ts'
import type { Relation, RelationAtDestination } from '../ledger/relation.ts'
import { quoteLiteral } from '../postgres/identifiers.ts'
import { type SearchPath, underPath } from '../postgres/search-path.ts'
import { type DigestOptions, sourceDigest } from './digest.ts'
import { largeObjectPages, withinIds } from './large-objects.ts'
import { readingOfRange } from './page-reading.ts'
import { type RowRange, rangeOfSource } from './range.ts'
import { columnsOf, rowsOf, tableOf, valuesOf, whereOf } from './select.ts'

/** One COPY from the source to the destination. */
export interface Cargo {
  /** `COPY (…) TO STDOUT …`, on the source. */
  readonly copyOut: string
  /** `COPY … FROM STDIN …`, on the destination. */
  readonly copyIn: string
  /** A query of one row (count, digest) on the source, in the same snapshot; `null` where nothing is compared. */
  readonly digest: string | null
  /** Statements on the destination after the rows, in the same transaction; `null` where there are none. */
  readonly afterwards: string | null
}

/** What both servers are, as far as the statements of a chunk depend on it. */
export interface CopyServers extends DigestOptions {
  /** `server_version_num` of the source. */
  readonly sourceVersion: number
  /** `server_encoding` of the source: text travels in it, the destination converts and checks. */
  readonly sourceEncoding: string
  readonly destinationEncoding: string
  /** Under which rows of the user's are read and written. */
  readonly searchPath: SearchPath
  /**
   * The same in the destination's names.
   * @default searchPath
   */
  readonly destinationSearchPath?: SearchPath
}

/** The statements that move a range of a relation's rows. */
export function cargoOf(relation: Relation, range: RowRange, servers: CopyServers): Cargo {
  const digest = sourceDigest(relation, range, servers)
  if (range.kind === 'large_objects') {
    return {
      copyOut: `COPY (${largeObjectPages(range.lower, range.upper)}) TO STDOUT (FORMAT binary)`,
      copyIn: `COPY ${LARGE_OBJECT_PAGE_COPY} FROM STDIN (FORMAT binary)`,
      digest,
      afterwards: largeObjectsWritten(withinIds('made.oid', range)),
    }
  }
  const reading = readingOfRange(relation, range, servers.sourceVersion)
  return cargoWhere(relation, rangeOfSource(relation.source, range, reading), digest, servers)
}

/** The statements that move rows of a table which hold some conditions, in the source's names. */
export function cargoWhere(
  { source, destination, format }: Relation,
  conditions: readonly string[],
  digest: string | null,
  servers: CopyServers,
): Cargo {
  const options = copyOptions(format, servers, servers.sourceEncoding)
  const rows = `SELECT ${valuesOf(source)} FROM ${rowsOf(source)}${whereOf(source, ...conditions)}`
  return {
    copyOut: underPath(servers.searchPath, `COPY (${rows}) TO STDOUT ${options}`),
    copyIn: underPath(
      servers.destinationSearchPath ?? servers.searchPath,
      copyInto(intoOf(destination), format, servers),
    ),
    digest: digest === null ? null : underPath(servers.searchPath, digest),
    afterwards: null,
  }
}

/** @param target table and columns, as SQL */
export function copyInto(target: string, format: Relation['format'], servers: CopyServers): string {
  const { sourceEncoding, destinationEncoding } = servers
  // From 14 on a server asked to read SQL_ASCII takes any bytes, into whatever encoding: they are to be characters of its own.
  const encoding = sourceEncoding === 'SQL_ASCII' ? destinationEncoding : sourceEncoding
  return `COPY ${target} FROM STDIN ${copyOptions(format, servers, encoding)}`
}

/** A list without columns is no SQL; without one COPY FROM takes every column that is not generated: none as well. */
function intoOf(relation: RelationAtDestination): string {
  const columns = columnsOf(relation)
  return columns === '' ? tableOf(relation) : `${tableOf(relation)} (${columns})`
}

function copyOptions(format: Relation['format'], servers: CopyServers, encoding: string): string {
  if (format === 'binary') return '(FORMAT binary)'
  // ENCODING of the data, not client_encoding of the session: names in our statements stay UTF-8.
  if (servers.sourceEncoding === servers.destinationEncoding && servers.sourceEncoding === 'UTF8')
    return '(FORMAT text)'
  return `(FORMAT text, ENCODING ${quoteLiteral(encoding)})`
}
