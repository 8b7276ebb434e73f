import type { ColumnOfResult } from '../postgres/connect.ts'
import { type ComputableColumn, hasLength } from './column.ts'

/** OIDs of the server's own types, the same in every version. */
const TYPE = {
  char: 18,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  cidr: 650,
  float4: 700,
  float8: 701,
  unknown: 705,
  inet: 869,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  timetz: 1266,
  numeric: 1700,
} as const

/** What is read as any type, by the type's own input function, or not at all. */
const TEXTS: readonly number[] = [TYPE.text, TYPE.varchar, TYPE.bpchar, TYPE.name, TYPE.unknown]
/** Types that cut what they are given without a word. */
const CUTTING: readonly number[] = [TYPE.name, TYPE.char]

/** By the type of an expression, those that hold all of its values as they are. */
const WIDER: Readonly<Record<number, readonly number[]>> = {
  [TYPE.int2]: [TYPE.int4, TYPE.int8, TYPE.numeric, TYPE.float4, TYPE.float8],
  [TYPE.int4]: [TYPE.int8, TYPE.numeric, TYPE.float8],
  [TYPE.int8]: [TYPE.numeric],
  [TYPE.float4]: [TYPE.float8],
  [TYPE.date]: [TYPE.timestamp],
  [TYPE.cidr]: [TYPE.inet],
}

const INTEGERS: readonly number[] = [TYPE.int2, TYPE.int4, TYPE.int8]
const TIMES: readonly number[] = [TYPE.time, TYPE.timetz, TYPE.timestamp, TYPE.timestamptz]

/**
 * Whether a column takes what an expression gives as it is: the type's values are all the column's, and none is rounded but by the
 * expression's own words. Pure.
 * @param given what the server says of the expression
 * @param isNull it is the word NULL
 */
export function fits(given: ColumnOfResult, column: ComputableColumn, isNull: boolean): boolean {
  if (isNull) return true
  return holdsType(given.type, column.type) && (keepsAll(given, column) || hasLength(column))
}

function holdsType(given: number, wanted: number): boolean {
  if (given === wanted) return true
  if (CUTTING.includes(wanted)) return false
  return TEXTS.includes(given) || (WIDER[given]?.includes(wanted) ?? false)
}

/** Nothing is rounded to the column's modifier: the expression's own is it, or a narrower one. */
function keepsAll(given: ColumnOfResult, { type, modifier }: ComputableColumn): boolean {
  if (modifier < 0) return true
  if (given.type === type && given.modifier === modifier) return true
  if (type === TYPE.numeric) {
    if (INTEGERS.includes(given.type)) return scaleOf(modifier) >= 0
    return given.type === type && given.modifier >= 0 && scaleOf(given.modifier) <= scaleOf(modifier)
  }
  if (!TIMES.includes(type)) return false
  return given.type === TYPE.date || (given.type === type && given.modifier >= 0 && given.modifier <= modifier)
}

/** Digits behind the point, of numeric(precision, scale); since 15 it may be negative. */
function scaleOf(modifier: number): number {
  return (((modifier - 4) & 0x7ff) ^ 1024) - 1024
}
