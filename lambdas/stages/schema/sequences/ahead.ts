import type { Counting, SequenceValue, StoodSequence } from '../../../core/ledger/objects/sequences.ts'
import type { Session } from '../../../core/postgres/connect.ts'
import { quoteIdentifier, quoteQualified } from '../../../core/postgres/identifiers.ts'

/** A sequence on both sides. */
export interface Standing extends StoodSequence {
  /** Now, on the source; `null`: it has been dropped there. */
  readonly live: SequenceValue | null
  /** Its file on the source now; `null`: it has none any more. */
  readonly file: string | null
}

/**
 * Whether the source's sequence was restarted, set back or dropped since rows were read by the view: the rows on the destination
 * may hold values that it would give once more. One that begins anew by itself does so on the destination as well. Pure.
 */
export function wentBack(standing: Standing): boolean {
  const { live, file, inView, counting } = standing
  if (live === null) return inView !== null || isLost(standing)
  if (counting.cycles || inView === null) return false
  return inView.file !== file || isBehind(live, inView, counting)
}

/** Dropped between the view, whose catalogue has it, and the first look at its value: where it stood nobody knows. Pure. */
export function isLost({ live, file, inView }: Standing): boolean {
  return live === null && file === null && inView === null
}

/** The furthest that any of them says, as far as the destination's sequence can count. Pure. */
export function furthest(
  { live, inView, counting }: Standing,
  held: readonly SequenceValue[],
): SequenceValue | undefined {
  const least = BigInt(counting.least)
  const most = BigInt(counting.most)
  const others = [...(inView === null ? [] : [inView]), ...held].filter(({ lastValue }) => {
    return BigInt(lastValue) >= least && BigInt(lastValue) <= most
  })
  const [first, ...rest] = live === null ? others : [live, ...others]
  return first && rest.reduce((best, other) => (isBehind(best, other, counting) ? other : best), first)
}

function isBehind(one: SequenceValue, other: SequenceValue, { increment }: Counting): boolean {
  if (one.lastValue === other.lastValue) return !one.isCalled && other.isCalled
  return BigInt(increment) > 0n === BigInt(one.lastValue) < BigInt(other.lastValue)
}

interface Column {
  readonly sequence: string
  readonly schema: string
  readonly table: string
  readonly column: string
}

/**
 * The furthest value of each column of the destination that takes its values from the sequence: its owner, an identity, or any
 * default that calls nextval of it. Two flights, whatever their number; a table without an index on the column is read whole.
 * @param destination a pipelined one
 */
export async function readHeld(destination: Session, sequences: readonly Standing[]): Promise<SequenceValue[][]> {
  if (sequences.length === 0) return []
  const names = sequences.map(({ there }) => quoteQualified(there.schema, there.name))
  const columns = await destination.rows<Column>(COLUMNS, [JSON.stringify(names)])
  return Promise.all(
    sequences.map(async ({ counting }, index) => {
      const used = columns.filter(({ sequence }) => sequence === names[index])
      const found = await Promise.all(used.map((column) => readFurthest(destination, column, counting)))
      return found.filter((value) => value !== null)
    }),
  )
}

async function readFurthest(
  destination: Session,
  { schema, table, column }: Column,
  { increment, least, most }: Counting,
): Promise<SequenceValue | null> {
  const name = quoteIdentifier(column)
  const [row] = await destination.rows<{ value: string | null }>(
    `SELECT pg_catalog.trunc(pg_catalog.${BigInt(increment) > 0n ? 'max' : 'min'}(${name})::pg_catalog.numeric)::text AS value
       FROM ${quoteQualified(schema, table)} WHERE ${name} BETWEEN ${least} AND ${most}`,
  )
  return row?.value ? { lastValue: row.value, isCalled: true } : null
}

/** Numbers only: what is made of the value in a text is nobody's to read back. */
const COLUMNS = `
  WITH wanted AS (
    SELECT w.name, w.name::pg_catalog.regclass AS oid FROM pg_catalog.jsonb_array_elements_text($1::jsonb) AS w(name)
  ), used AS (
    SELECT w.name, d.refobjid AS relation, d.refobjsubid AS number FROM wanted w JOIN pg_catalog.pg_depend d ON d.objid = w.oid
     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
       AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    UNION
    SELECT w.name, f.adrelid, f.adnum FROM wanted w JOIN pg_catalog.pg_depend d ON d.refobjid = w.oid
      JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid
     WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  )
  SELECT u.name AS sequence, n.nspname::text AS schema, c.relname::text AS table, a.attname::text AS column
    FROM used u JOIN pg_catalog.pg_class c ON c.oid = u.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = u.relation AND a.attnum = u.number
   CROSS JOIN LATERAL (
     WITH RECURSIVE below AS (
       SELECT a.atttypid AS oid
       UNION ALL SELECT t.typbasetype FROM below JOIN pg_catalog.pg_type t ON t.oid = below.oid WHERE t.typbasetype <> 0
     ) SELECT below.oid FROM below
   ) t
   WHERE c.relkind IN ('r', 'p')
     AND t.oid IN ('pg_catalog.int2'::pg_catalog.regtype, 'pg_catalog.int4'::pg_catalog.regtype,
         'pg_catalog.int8'::pg_catalog.regtype, 'pg_catalog.numeric'::pg_catalog.regtype)`
