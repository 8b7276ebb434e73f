import { quoteQualified } from '../../../core/postgres/identifiers.ts'

/** A type with a send function. */
export interface SentType {
  readonly schema: string
  /** Its name; of an array its element's. */
  readonly item: string
  readonly array: boolean
  readonly send: string
  readonly sendSchema: string
}

const FLOATS = new Set(['float4', 'float8'])

/**
 * What the type's send function makes of a value, as SQL of type bytea, without what no reader of the value sees and not every way keeps:
 * the sign and payload of a NaN, which text has not got (`float8in`), and an array's mark that NULLs are inside. That stays when the last
 * NULL is overwritten, and a server that receives the array sets it anew (`array_set_element` and `array_recv` of arrayfuncs.c).
 */
export function sentBytes(value: string, { schema, item, array, send, sendSchema }: SentType): string {
  const sent = (of: string) => `${quoteQualified(sendSchema, send)}(${of})`
  const nan = schema === 'pg_catalog' && FLOATS.has(item) ? `'NaN'::pg_catalog.${item}` : null
  if (array) {
    const oneNan = nan === null ? value : `pg_catalog.array_replace(${value}, ${nan}, ${nan})`
    // The mark is the second of the integers in front.
    return `pg_catalog.overlay(${sent(oneNan)}, pg_catalog.int4send(0), 5, 4)`
  }
  return nan === null
    ? sent(value)
    : sent(`CASE WHEN ${value} OPERATOR(pg_catalog.=) ${nan} THEN ${nan} ELSE ${value} END`)
}

const PRINTED = new Set(['tsquery', 'xml', 'bit', 'varbit'])
const SHAPES = new Set(['point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle'])

/**
 * Whether a built-in type's text says better than what is sent that two values are the same, once one of them has travelled: a tsquery's
 * operators come back in another nesting, a NaN in a shape without its sign, an xml without a newline in front, a string of bits without
 * those behind its end (bit_recv and bit_in of varbit.c).
 * @param sameFloats both servers print floats alike
 */
export function isPrintedMoreAlike(schema: string, item: string, sameFloats: boolean): boolean {
  if (schema !== 'pg_catalog') return false
  return PRINTED.has(item) || (SHAPES.has(item) && sameFloats)
}
