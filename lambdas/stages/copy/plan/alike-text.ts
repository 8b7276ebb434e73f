import type { Session } from '../../../core/postgres/connect.ts'
import { quoteIdentifier } from '../../../core/postgres/identifiers.ts'
import { sqlFile } from '../../../core/postgres/sql-file.ts'
import { inOneOrder, isOrderedByBytes } from './one-order.ts'
import { type SentType, sentBytes } from './sent-bytes.ts'

const HELD_TYPES = sqlFile(new URL('./sql/held-types.sql', import.meta.url))

/** A type, as far as something that the two servers print differently may be inside of it. */
export interface HeldType {
  readonly schema: string
  readonly name: string
  /** `typtype` */
  readonly kind: string
  /** Oid of what a domain stands on, and how a cast writes it. */
  readonly ground: number
  readonly groundText: string
  readonly send: string | null
  readonly sendSchema: string | null
  /** Oids of the types directly inside. */
  readonly inside: readonly number[]
  /** Of a composite type that is no table's row. */
  readonly attributes: readonly { readonly name: string; readonly type: number }[] | null
  /** The extension that it belongs to. */
  readonly extension: string | null
}

export type HeldTypes = ReadonlyMap<number, HeldType>

/** These types and everything inside of them, by oid. */
export async function readHeldTypes(source: Session, oids: readonly number[]): Promise<HeldTypes> {
  const rows = await source.rows<
    Omit<HeldType, 'inside' | 'attributes'> & { oid: number; inside: readonly string[]; attributes: string | null }
  >(HELD_TYPES, [[...new Set(oids)]])
  return new Map(
    rows.map(({ oid, inside, attributes, ...type }) => [
      oid,
      { ...type, inside: inside.map(Number), attributes: attributes === null ? null : JSON.parse(attributes) },
    ]),
  )
}

/** What prints floats: these, and the shapes that consist of them. */
const FLOATS = new Set('float4 float8 point line lseg box path polygon circle'.split(' '))

function isFloat({ schema, name, extension }: HeldType): boolean {
  return extension === 'cube' || (schema === 'pg_catalog' && FLOATS.has(name))
}

/** Built-in floats and shapes, and their arrays, as they are sent: the same in every version. `null` for others. */
function sentAlike(type: HeldType, types: HeldTypes): SentType | null {
  if (type.schema !== 'pg_catalog' || type.kind !== 'b' || type.send === null) return null
  const { schema, send, sendSchema } = type
  const item = [type, ...type.inside.map((inner) => types.get(inner))].find(
    (one) => one !== undefined && one.schema === 'pg_catalog' && FLOATS.has(one.name),
  )
  return item === undefined
    ? null
    : { schema, item: item.name, array: item !== type, send, sendSchema: sendSchema ?? '' }
}

/** Why two servers may print the same value differently. */
export interface Differences {
  /** One of them is older than 12, which prints floats with all their digits. */
  readonly floats: boolean
  /** Their encodings give characters other bytes, by which some types put their parts in order. */
  readonly bytes: boolean
}

function isUnlike(type: HeldType, differences: Differences): boolean {
  return (differences.floats && isFloat(type)) || (differences.bytes && isOrderedByBytes(type))
}

/** Whether a value of this type may hold something that is printed differently. A table's row may hold an array of itself. */
function holdsUnlike(
  oid: number,
  types: HeldTypes,
  differences: Differences,
  seen: ReadonlySet<number> = new Set(),
): boolean {
  const type = types.get(oid)
  if (type === undefined || seen.has(oid)) return false
  if (isUnlike(type, differences)) return true
  return type.inside.some((inner) => holdsUnlike(inner, types, differences, new Set([...seen, oid])))
}

/** A value as SQL whose text both servers print alike. */
export interface AlikeText {
  readonly sql: string
  /** Of which only NULL and not NULL is in that text: attributes by their path, '' for the value itself. */
  readonly left: readonly string[]
}

/**
 * Built-in floats are sent, parts in the order of bytes are put in one order, and composites taken apart: what is inside of arrays, ranges,
 * cubes and tables' rows is left, because there is no way into it by names that both ends surely have.
 */
export function alikeText(value: string, oid: number, types: HeldTypes, differences: Differences): AlikeText {
  const type = types.get(oid)
  const isThere = `(pg_catalog.pg_column_size(${value}) IS NOT NULL)`
  if (type === undefined || !holdsUnlike(oid, types, differences)) return { sql: value, left: [] }
  if (type.kind === 'd') return alikeText(`(${value})::${type.groundText}`, type.ground, types, differences)
  if (differences.bytes && isOrderedByBytes(type)) return { sql: inOneOrder(value, type), left: [] }
  const sent = differences.floats ? sentAlike(type, types) : null
  if (sent !== null) return { sql: `pg_catalog.encode(${sentBytes(value, sent)}, 'hex')`, left: [] }
  if (type.attributes === null) return { sql: isThere, left: [''] }
  const parts = type.attributes.map((attribute) => ({
    name: attribute.name,
    ...alikeText(`(${value}).${quoteIdentifier(attribute.name)}`, attribute.type, types, differences),
  }))
  return {
    sql: `CASE WHEN ${isThere} THEN ROW(${parts.map(({ sql }) => sql).join(', ')}) END`,
    left: parts.flatMap(({ name, left }) => left.map((path) => `.${name}${path}`)),
  }
}
