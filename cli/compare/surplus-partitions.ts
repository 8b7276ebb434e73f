import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { rowsOf } from '../../lambdas/core/rows/select.ts'
import type { ComparedTable } from './document.ts'
import { isAskedFor } from './question.ts'
import type { Scope } from './scope.ts'
import type { Tools } from './tools.ts'

interface Partition {
  readonly schema: string
  readonly name: string
  readonly rootSchema: string
  readonly root: string
  /** The account may read it. */
  readonly readable: boolean
}

/**
 * Rows in partitions that only the destination has: partitions travel and are compared one by one, and no range of the source's has these.
 * What travels through its root is read through it there, too.
 */
export async function surplusPartitions(
  destination: Session,
  { relations, objects, renames }: Pick<Scope, 'relations' | 'objects' | 'renames'>,
  { question, pacing }: Pick<Tools, 'question' | 'pacing'>,
): Promise<ComparedTable[]> {
  const leaves = relations.filter(({ destination: end }) => !end.tree).map(({ destination: end }) => end)
  const named = JSON.stringify(leaves.map(({ schema, name }) => [schema, name]))
  const found = await destination.rows<Partition>(PARTITIONS, [named])
  const nameOf = (schema: string | null, name: string) => JSON.stringify([schema, name])
  // What the task leaves behind is nobody's difference either.
  const known = new Set(
    objects.flatMap(({ kind, schema, name, oid }) => {
      const there = renames?.relations.get(oid)?.to
      return /TABLE$/.test(kind) ? [nameOf(there?.schema ?? schema, there?.name ?? name)] : []
    }),
  )
  const tables: ComparedTable[] = []
  for (const { schema, name, rootSchema, root, readable } of found) {
    const isAsked = isAskedFor(question, { schema, name }) || isAskedFor(question, { schema: rootSchema, name: root })
    if (known.has(nameOf(schema, name)) || !isAsked) continue
    const what = {
      table: `${schema}.${name}`,
      destination: null,
      sourceRows: '0',
      missing: 0,
      different: 0,
      underWay: 0,
    }
    if (!readable) {
      const why = 'a partition that only the destination has, and its account may not read it'
      const nothing = { destinationRows: '0', surplus: 0, complete: false, rows: [], unlisted: 0, ranges: [] }
      tables.push({ ...what, ...nothing, state: 'not compared', why })
      continue
    }
    await pacing.wait(pacing.closedFor)
    const [row] = await destination.rows<{ rows: string }>(
      `SELECT pg_catalog.count(*)::text AS rows FROM ${rowsOf({ schema, name, tree: false })}`,
    )
    const rows = row?.rows ?? '0'
    if (rows === '0') continue
    const surplus = Number(rows)
    const counted = { destinationRows: rows, surplus, complete: true, rows: [], unlisted: surplus, ranges: [] }
    tables.push({ ...what, ...counted, state: 'differs', why: null })
  }
  return tables
}

/** All that stand beside these below their topmost roots. */
const PARTITIONS = `
  WITH RECURSIVE above AS (
    SELECT c.oid, c.oid AS leaf, false AS tree FROM pg_catalog.jsonb_array_elements($1::jsonb) AS w(pair)
      JOIN pg_catalog.pg_namespace n ON n.nspname = w.pair ->> 0
      JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.pair ->> 1
    UNION
    SELECT p.oid, a.leaf, true FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.oid
      JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
  ), root AS (
    SELECT DISTINCT a.oid FROM above a
     WHERE a.tree AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = a.oid)
  ), below AS (
    SELECT r.oid AS root, r.oid FROM root r
    UNION
    SELECT b.root, i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid
  )
  SELECT n.nspname::text AS schema, c.relname::text AS name, rn.nspname::text AS "rootSchema", rc.relname::text AS root,
         pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable
    FROM below b
    JOIN pg_catalog.pg_class c ON c.oid = b.oid AND c.relkind = 'r' JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_class rc ON rc.oid = b.root JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace
   ORDER BY 1, 2`
