import pg from 'pg'

/**
 * Which server types become JavaScript values. Everything else stays the server's own text: int8, numeric, dates and times
 * never pass through a JavaScript number or Date.
 */
const PARSED = new Set([
  16, // bool
  21, // int2
  23, // int4
  26, // oid: below 2^32, exact in a double
  114, // json
  3802, // jsonb
  700, // float4
  701, // float8
  1007, // int4[]
  1009, // text[]
])

/** The `types` of every connection. */
export const valueTypes = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
    if (format === 'binary') throw new TypeError('results are read as text')
    return PARSED.has(oid) ? pg.types.getTypeParser(oid, 'text') : (value) => value
  },
} as pg.CustomTypesConfig

/** Types whose values may be ids of large objects, as `format_type` writes them; the same to a server. */
export const LARGE_OBJECT_IDS = /^(oid|(.*\.)?lo)(\[\])?$/
