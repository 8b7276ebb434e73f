import { hashBytes } from '../../postgres/hash-bytes.ts'
import { quoteIdentifier } from '../../postgres/identifiers.ts'

/** The ground of one column's type on the source: domains followed, the element of an array named. */
export interface ColumnType {
  /** The table's oid. */
  readonly relation: number
  readonly name: string
  /** The column's own type is a domain over `type`. */
  readonly domain: boolean
  readonly typeSchema: string
  readonly type: string
  /** `typtype`: b base, c composite, e enum, r range, m multirange, p pseudo. */
  readonly kind: string
  /** The type as a cast writes it, without a modifier that would cut values. */
  readonly typeText: string
  /** Name of the type's send function, `null` where it has none. */
  readonly send: string | null
  readonly element: string | null
  readonly elementSchema: string | null
}

/** What both servers are, as far as the form of a value depends on it. */
export interface FormServers {
  readonly sourceVersion: number
  readonly destinationVersion: number
  /** Both databases are UTF8: binary text travels as the session's encoding, which is UTF8. */
  readonly bothUtf8: boolean
  /** `lc_monetary` is the same: money travels as an integer whose meaning it decides. */
  readonly sameMonetary: boolean
}

/** Built-in types that both ends encode alike in every version from 9.4 to 18. */
const SAFE = new Set(
  `bool int2 int4 int8 float4 float8 numeric text varchar bpchar char name bytea oid
   date time timetz timestamp timestamptz interval uuid json jsonb inet cidr macaddr macaddr8 bit varbit
   point line lseg box path polygon circle money xml tsvector tsquery
   int4range int8range numrange tsrange tstzrange daterange
   int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange`.split(/\s+/),
)

/**
 * Whether a column may travel in binary form. Everything with an OID of the source inside may not: reg* types, composites,
 * arrays of user-defined types; nor types whose encoding is an extension's own matter.
 */
export function isBinarySafe(column: ColumnType, servers: FormServers): boolean {
  if (column.send === null) return false
  // An enum's value travels as its label.
  if (column.kind === 'e') return true
  const type = column.element ?? column.type
  const schema = column.element === null ? column.typeSchema : column.elementSchema
  if (column.typeSchema !== 'pg_catalog' || schema !== 'pg_catalog' || !SAFE.has(type)) return false
  if (type === 'money') return servers.sameMonetary
  // An infinity that the older server cannot read would not arrive as text either; text names the value in its error.
  if (type === 'numeric') return servers.destinationVersion >= 140_000 || servers.sourceVersion < 140_000
  if (type === 'interval') return servers.destinationVersion >= 170_000 || servers.sourceVersion < 170_000
  return true
}

/**
 * The bytes of one value as an SQL expression of type bytea: the type's own send function where that is the same on both
 * servers, exact to the byte; else the text form, which the pinned session settings make the same.
 */
export function valueBytes(column: ColumnType, servers: FormServers): string {
  const value = column.domain ? `${quoteIdentifier(column.name)}::${column.typeText}` : quoteIdentifier(column.name)
  if (isBinarySafe(column, servers)) return `pg_catalog.${column.send}(${value})`
  return `pg_catalog.textsend(${quoteIdentifier(column.name)}::pg_catalog.text)`
}

/** The oldest version that knows `hash_array_extended`. */
export const MODERN_DIGEST = 110_000

/**
 * One row's hash as an int8 expression. The array keeps NULLs and the order of columns apart; it is the same on both ends
 * and costs less than reading the table by COPY.
 */
export function rowDigest(columns: readonly ColumnType[], servers: FormServers): string {
  const values = columns.map((column) => valueBytes(column, servers))
  if (Math.min(servers.sourceVersion, servers.destinationVersion) >= MODERN_DIGEST) {
    return hashBytes(values)
  }
  const text = values.map((value) => `COALESCE(pg_catalog.encode(${value}, 'hex'), 'N') || ','`).join(' || ')
  return `('x' || pg_catalog.substr(pg_catalog.md5(${text || "''"}), 1, 16))::pg_catalog.bit(64)::bigint`
}
