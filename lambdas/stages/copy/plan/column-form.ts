import { HASH_ARRAYS, hashBytes } from '../../../core/postgres/hash-bytes.ts'
import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { type AlikeText, alikeText, type Differences, type HeldTypes } from './alike-text.ts'
import { isPrintedMoreAlike, sentBytes } from './sent-bytes.ts'

/** The ground of one column's type on the source: domains followed, the element of an array named. */
export interface ColumnType {
  /** The table's oid. */
  readonly relation: number
  readonly name: string
  /** What is read in place of the column, as SQL of the type below. @default the column */
  readonly value?: string | null
  /** The column's own type is a domain over `type`. */
  readonly domain: boolean
  readonly typeSchema: string
  readonly type: string
  /** `typtype`: b base, c composite, e enum, r range, m multirange, p pseudo. */
  readonly kind: string
  /** Oid of that type on the source, and what is inside of it. */
  readonly ground: number
  readonly held: HeldTypes
  /** The type as a cast writes it, without a modifier that would cut values. */
  readonly typeText: string
  /** Name of the type's send function, `null` where it has none. */
  readonly send: string | null
  readonly sendSchema: string | null
  /** The type has a receive function. */
  readonly receives: boolean
  readonly element: string | null
  readonly elementSchema: string | null
  /** `typtype` of the element. */
  readonly elementKind: string | null
  /** The extension that the type belongs to, and its version on the source. */
  readonly extension: string | null
  readonly extensionVersion: string | null
}

/** What both servers are, as far as the form of a value depends on it. */
export interface FormServers {
  readonly sourceVersion: number
  readonly destinationVersion: number
  /** Both databases are UTF8: binary text travels as the session's encoding, which is UTF8. */
  readonly bothUtf8: boolean
  /** Characters have the same bytes in both databases: their encodings are the same, or one of them is any bytes (SQL_ASCII). */
  readonly sameBytes: boolean
  /** `lc_monetary` is the same: money travels as an integer whose meaning it decides. */
  readonly sameMonetary: boolean
  /** What the destination has, or will install: version by name. */
  readonly destinationExtensions: ReadonlyMap<string, string>
}

/** Built-in types that both ends encode alike in every version from 9.4 to 18. */
const SAFE = new Set(
  `bool int2 int4 int8 float4 float8 numeric text varchar bpchar char name bytea oid
   date time timetz timestamp timestamptz interval uuid json jsonb inet cidr macaddr macaddr8 bit varbit
   point line lseg box path polygon circle money xml tsvector tsquery
   int4range int8range numrange tsrange tstzrange daterange
   int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange`.split(/\s+/),
)

/** Whether a column may travel in binary form. */
function isBinarySafe(column: ColumnType, servers: FormServers): boolean {
  return whyNotBinary(column, servers) === null
}

/**
 * Why a column may not travel in binary form; `null` where it may. Everything with an OID of the source inside may not:
 * reg* types, composites, arrays of user-defined types; nor types of an extension that is not of the same version on both
 * servers, because their encoding is the extension's own matter.
 */
export function whyNotBinary(column: ColumnType, servers: FormServers): string | null {
  if (column.send === null || !column.receives) return 'has no binary form'
  // An enum's value travels as its label.
  if (column.kind === 'e') return null
  if (column.extension !== null) return whyNotExtension(column, servers)
  const type = itemOf(column)
  const schema = column.element === null ? column.typeSchema : column.elementSchema
  if (column.typeSchema !== 'pg_catalog' || schema !== 'pg_catalog' || !SAFE.has(type)) {
    return 'carries object ids of the source, or is no type that both servers surely encode alike'
  }
  if (type === 'money' && !servers.sameMonetary) return 'lc_monetary differs'
  // An infinity that the older server cannot read would not arrive as text either; text names the value in its error.
  if (type === 'numeric' && servers.destinationVersion < 140_000 && servers.sourceVersion >= 140_000) {
    return 'may hold infinities, which the destination does not know'
  }
  if (type === 'interval' && servers.destinationVersion < 170_000 && servers.sourceVersion >= 170_000) {
    return 'may hold infinities, which the destination does not know'
  }
  return null
}

function whyNotExtension(column: ColumnType, servers: FormServers): string | null {
  const { extension, extensionVersion, kind, element } = column
  // Some put lengths in bytes of the server's encoding beside text in the session's.
  if (!servers.bothUtf8) return 'not both databases are UTF8'
  if (kind !== 'b' || element !== null) return `is composed of types of the extension ${extension}`
  const there = servers.destinationExtensions.get(extension ?? '') ?? null
  if (there === extensionVersion) return null
  return `the extension ${extension} is ${extensionVersion} here and ${there ?? 'unknown'} there`
}

/**
 * The bytes of one value as an SQL expression of type bytea: the type's own send function where that is the same on both
 * servers, exact to the byte; else the text form, which the pinned session settings make the same.
 */
function valueBytes(column: ColumnType, servers: FormServers): string {
  if (!isSentAlike(column, servers)) return valueText(column, servers)
  const { typeSchema: schema, element, send, sendSchema } = column
  const type = { schema, item: itemOf(column), array: element !== null, send: send ?? '', sendSchema: sendSchema ?? '' }
  return sentBytes(groundValue(column), type)
}

/** The type, of an array its element's. */
function itemOf({ type, element }: ColumnType): string {
  return element ?? type
}

/** The version that prints floats in their shortest form; before, all digits are printed, with `extra_float_digits` 3. */
const SHORTEST_FLOATS = 120_000

function straddlesFloats({ sourceVersion, destinationVersion }: FormServers): boolean {
  return sourceVersion >= SHORTEST_FLOATS !== destinationVersion >= SHORTEST_FLOATS
}

function differencesOf(servers: FormServers): Differences {
  return { floats: straddlesFloats(servers), bytes: !servers.sameBytes }
}

/** Where both servers send the same bytes for the same value. What is put in order by bytes is sent in another one. */
function isSentAlike(column: ColumnType, servers: FormServers): boolean {
  if (!isBinarySafe(column, servers)) return false
  if (isPrintedMoreAlike(column.typeSchema, itemOf(column), !straddlesFloats(servers))) return false
  const { ground, held } = column
  return alikeText('', ground, held, { floats: false, bytes: !servers.sameBytes }).sql === ''
}

/**
 * A column's value as SQL whose text both servers print alike, also where floats are inside. What a server prints is read alike by
 * every version, so the copy is exact; only its digest cannot be of that text.
 */
function textOf(column: ColumnType, servers: FormServers): AlikeText {
  return alikeText(groundValue(column), column.ground, column.held, differencesOf(servers))
}

/** Of which values only NULL and not NULL is compared: the column, or attributes of it, by path. */
export function notCompared(column: ColumnType, servers: FormServers): readonly string[] {
  if (isSentAlike(column, servers)) return []
  return textOf(column, servers).left.map((path) => `${column.name}${path}`)
}

/** Whether something of a column is outside of the digest, because the two servers print it differently. */
export function printsDifferently(column: ColumnType, servers: FormServers): boolean {
  return notCompared(column, servers).length > 0
}

/** The column's value, of the type that its domains stand on. */
function groundValue(column: ColumnType): string {
  if (column.value) return column.value
  const name = quoteIdentifier(column.name)
  return column.domain ? `${name}::${column.typeText}` : name
}

/**
 * The text form of a value, which the pinned session settings make the same on both servers, as bytea. As the type's output
 * function prints it, like COPY: a cast to text may be the user's own, which can fail, or say the same of different values.
 */
function valueText(column: ColumnType, servers: FormServers): string {
  const text = `pg_catalog.concat(${textOf(column, servers).sql})`
  // Each server that prints an xml leaves out one newline in front (xml_out_internal).
  const isXml = column.typeSchema === 'pg_catalog' && column.type === 'xml'
  const printed = `pg_catalog.textsend(${isXml ? `pg_catalog.ltrim(${text}, pg_catalog.chr(10))` : text})`
  // concat() makes '' of NULL, and IS NULL calls a row of NULLs one.
  return `CASE WHEN pg_catalog.pg_column_size(${column.value ?? quoteIdentifier(column.name)}) IS NOT NULL THEN ${printed} END`
}

/**
 * One row's hash as an int8 expression. The array keeps NULLs and the order of columns apart; it is the same on both ends
 * and costs less than reading the table by COPY.
 */
export function rowDigest(columns: readonly ColumnType[], servers: FormServers): string {
  return hashValues(
    columns.map((column) => valueBytes(column, servers)),
    servers,
  )
}

/** The same with every column as text. */
export function rowTextDigest(columns: readonly ColumnType[], servers: FormServers): string {
  // Across that version floats have no text in common: built-in types keep the form of their send functions.
  const straddles = straddlesFloats(servers)
  const value = (column: ColumnType) =>
    straddles && column.typeSchema === 'pg_catalog' ? valueBytes(column, servers) : valueText(column, servers)
  return hashValues(columns.map(value), servers)
}

function hashValues(values: readonly string[], servers: FormServers): string {
  if (Math.min(servers.sourceVersion, servers.destinationVersion) >= HASH_ARRAYS) {
    return hashBytes(values)
  }
  const text = values.map((value) => `COALESCE(pg_catalog.encode(${value}, 'hex'), 'N') || ','`).join(' || ')
  return `('x' || pg_catalog.substr(pg_catalog.md5(${text || "''"}), 1, 16))::pg_catalog.bit(64)::bigint`
}
