import type { CheckContext } from '../context.ts'
import { chosenTables } from './chosen.ts'
import { largeObjectsCome } from './large-objects.ts'
import { USER_SCHEMA } from './sql.ts'

/** Bytes that the chosen tables take on the source, with TOAST and indexes; large objects where they come. */
export async function selectedBytes(context: CheckContext): Promise<number> {
  const [tables, largeObjects] = await Promise.all([
    chosenTables<{ schema: string; name: string; bytes: string }>(
      context,
      `SELECT n.nspname AS schema, c.relname AS name, pg_catalog.pg_total_relation_size(c.oid) AS bytes
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND ${USER_SCHEMA}`,
    ),
    context.source.rows<{ bytes: string }>(
      `SELECT pg_catalog.pg_total_relation_size('pg_catalog.pg_largeobject') AS bytes`,
    ),
  ])
  const objects = (await context.fact(largeObjectsCome)) ? largeObjects : []
  return [...tables, ...objects].reduce((sum, row) => sum + Number(row.bytes ?? 0), 0)
}
