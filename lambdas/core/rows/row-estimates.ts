import type { Session } from '../postgres/connect.ts'

/**
 * About how many rows relations of the source have, by the server's own statistics, partitions and all where one travels through its
 * root.
 * @returns by oid; nothing of what was never analyzed
 */
export async function readRowEstimates(source: Session, oids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (oids.length === 0) return new Map()
  const rows = await source.rows<{ oid: string; rows: number | null }>(
    `WITH RECURSIVE part AS (
       SELECT o.oid AS root, o.oid FROM pg_catalog.unnest($1::oid[]) AS o(oid)
       UNION ALL
       SELECT p.root, i.inhrelid FROM part p JOIN pg_catalog.pg_class c ON c.oid = p.oid AND c.relkind = 'p'
         JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
     )
     SELECT p.root::bigint::text AS oid,
            CASE WHEN pg_catalog.bool_and(c.reltuples > 0 OR c.relpages > 0 OR pg_catalog.pg_relation_size(c.oid) = 0)
                 THEN pg_catalog.sum(GREATEST(c.reltuples, 0))::float8 END AS rows
       FROM part p JOIN pg_catalog.pg_class c ON c.oid = p.oid AND c.relkind <> 'p'
      GROUP BY p.root`,
    [oids],
  )
  return new Map(rows.flatMap(({ oid, rows: count }) => (count === null ? [] : [[Number(oid), count]])))
}
