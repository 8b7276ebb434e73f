import type { Session } from '../../../core/postgres/connect.ts'
import { quoteIdentifier, quoteQualified } from '../../../core/postgres/identifiers.ts'
import { sqlFile } from '../../../core/postgres/sql-file.ts'

const HELD_TYPES = sqlFile(new URL('./sql/held-types.sql', import.meta.url))

/** A type, as far as floats may be inside of it. */
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
  /** It belongs to the extension cube, which holds floats. */
  readonly cube: boolean
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

function isFloat({ schema, name, cube }: HeldType): boolean {
  return cube || (schema === 'pg_catalog' && FLOATS.has(name))
}

/** Built-in floats and shapes, and their arrays: what these send is the same in every version. */
function isSentAlike(type: HeldType, types: HeldTypes): boolean {
  if (type.schema !== 'pg_catalog' || type.kind !== 'b') return false
  return [type, ...type.inside.map((inner) => types.get(inner))].some(
    (one) => one !== undefined && one.schema === 'pg_catalog' && FLOATS.has(one.name),
  )
}

/** Whether a value of this type may hold a float. A table's row may hold an array of itself. */
function holdsFloats(oid: number, types: HeldTypes, seen: ReadonlySet<number> = new Set()): boolean {
  const type = types.get(oid)
  if (type === undefined || seen.has(oid)) return false
  return isFloat(type) || type.inside.some((inner) => holdsFloats(inner, types, new Set([...seen, oid])))
}

/** A value as SQL whose text every version prints alike. */
export interface AlikeText {
  readonly sql: string
  /** Of which only NULL and not NULL is in that text: attributes by their path, '' for the value itself. */
  readonly left: readonly string[]
}

/**
 * Built-in floats are sent, and composites taken apart: what is inside of arrays, ranges, cubes and tables' rows is left, because there is no way
 * into it by names that both ends surely have.
 */
export function alikeText(value: string, oid: number, types: HeldTypes): AlikeText {
  const type = types.get(oid)
  const isThere = `(pg_catalog.pg_column_size(${value}) IS NOT NULL)`
  if (type === undefined || !holdsFloats(oid, types)) return { sql: value, left: [] }
  if (type.kind === 'd') return alikeText(`(${value})::${type.groundText}`, type.ground, types)
  if (isSentAlike(type, types) && type.send !== null) {
    const sent = `${quoteQualified(type.sendSchema ?? '', type.send)}(${value})`
    return { sql: `pg_catalog.encode(${sent}, 'hex')`, left: [] }
  }
  if (type.attributes === null) return { sql: isThere, left: [''] }
  const parts = type.attributes.map((attribute) => ({
    name: attribute.name,
    ...alikeText(`(${value}).${quoteIdentifier(attribute.name)}`, attribute.type, types),
  }))
  return {
    sql: `CASE WHEN ${isThere} THEN ROW(${parts.map(({ sql }) => sql).join(', ')}) END`,
    left: parts.flatMap(({ name, left }) => left.map((path) => `.${name}${path}`)),
  }
}
