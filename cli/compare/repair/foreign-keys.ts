import type { Relation } from '../../../lambdas/core/ledger/relation.ts'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { quoteIdentifier, quoteQualified } from '../../../lambdas/core/postgres/identifiers.ts'
import { KEY_PAIRS, OF_PERIODS } from '../../../lambdas/core/postgres/key-pairs.ts'
import { SampanError } from '../../../lambdas/core/runtime/errors.ts'

interface ForeignKey {
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
  readonly parentSchema: string
  readonly parent: string
  readonly parentColumns: readonly string[]
  /** How a parent's column is compared with a child's: the SQL between the two. */
  readonly operators: readonly string[]
  /** The last column is a period (18), which several rows of the parent may cover together. */
  readonly period: boolean
}

/**
 * Looks whether the foreign keys of what was repaired hold, since no trigger has looked after them: what was repaired may refer to rows of
 * a table that was not.
 * @throws SampanError REPAIR_BREAKS_KEYS
 */
export async function requireKeys(destination: Session, relations: readonly Relation[]): Promise<void> {
  const keys = await readForeignKeys(destination, relations)
  const broken: string[] = []
  for (const key of keys) {
    const [row] = await destination.rows<{ broken: boolean }>(`SELECT EXISTS (${orphans(key)}) AS broken`)
    if (row?.broken) broken.push(`${key.name} of ${key.schema}.${key.table}`)
  }
  if (broken.length === 0) return
  throw new SampanError({
    code: 'REPAIR_BREAKS_KEYS',
    message: `repaired rows would refer to rows that the destination lacks: ${broken.join(', ')}`,
    remedy:
      'nothing was written: repair all tables at once, without --table; where the source is written to meanwhile, the same command again reads it as it is then',
  })
}

/**
 * Nobody deletes a parent between the look and the commit. PostgreSQL's own look into the children, at a DELETE, takes ROW SHARE of them
 * and sees no row that is not committed: a lock of the children does not hold it off.
 */
export async function lockParents(destination: Session, relations: readonly Relation[]): Promise<void> {
  const keys = await readForeignKeys(destination, relations)
  const parents = new Set(keys.map(({ parentSchema, parent }) => quoteQualified(parentSchema, parent)))
  for (const parent of [...parents].sort()) {
    await destination.execute(`LOCK TABLE ${parent} IN SHARE ROW EXCLUSIVE MODE`)
  }
}

function readForeignKeys(destination: Session, relations: readonly Relation[]): Promise<readonly ForeignKey[]> {
  const names = relations.map((relation) => [relation.destination.schema, relation.destination.name])
  return destination.rows<ForeignKey>(KEYS, [JSON.stringify(names)])
}

/** Rows without a parent, by the operators of PostgreSQL's own check (RI_FKey_check of ri_triggers.c). */
function orphans(key: ForeignKey): string {
  const { schema, table, columns, parentSchema, parent, parentColumns, operators, period } = key
  const child = columns.map((name) => `c.${quoteIdentifier(name)}`)
  const theirs = parentColumns.map((name) => `p.${quoteIdentifier(name)}`)
  const equal = child.map((own, at) => `${theirs[at]} ${operators[at]} ${own}`)
  const [span, spans] = [child.at(-1), theirs.at(-1)]
  const found = period
    ? `${[...equal.slice(0, -1), `${spans} OPERATOR(pg_catalog.&&) ${span}`].join(' AND ')}
        HAVING ${span} OPERATOR(pg_catalog.<@) pg_catalog.range_agg(${spans})`
    : equal.join(' AND ')
  return `SELECT FROM ${quoteQualified(schema, table)} c
    WHERE ${child.map((own) => `${own} IS NOT NULL`).join(' AND ')}
      AND NOT EXISTS (SELECT FROM ${quoteQualified(parentSchema, parent)} p WHERE ${found})`
}

/**
 * Those that are valid, of and to these tables and the trees they are in. For a key that refers to a partitioned table PostgreSQL keeps
 * one more of the same table for each partition: whoever looks into one partition alone misses the rows of the others.
 */
const KEYS = `
  WITH RECURSIVE asked AS (
    SELECT c.oid FROM pg_catalog.jsonb_array_elements($1::jsonb) AS w(pair)
      JOIN pg_catalog.pg_namespace n ON n.nspname = w.pair ->> 0
      JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.pair ->> 1
  ), above AS (
    SELECT a.oid FROM asked a
    UNION SELECT i.inhparent FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.oid
  )
  SELECT k.conname::text AS name, n.nspname::text AS schema, c.relname::text AS table, pn.nspname::text AS "parentSchema", p.relname::text AS parent,
         pairs.columns, pairs."parentColumns", pairs.operators, ${OF_PERIODS} AS period
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_class p ON p.oid = k.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
   CROSS JOIN LATERAL (${KEY_PAIRS}) AS pairs
   WHERE k.contype = 'f' AND k.convalidated AND (k.conrelid IN (SELECT oid FROM above) OR k.confrelid IN (SELECT oid FROM above))
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint up WHERE up.oid = k.conparentid AND up.conrelid = k.conrelid)
   ORDER BY 2, 3, 1`
