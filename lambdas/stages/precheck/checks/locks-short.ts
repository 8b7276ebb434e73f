import { type Check, passed } from '../check.ts'

/** A transaction that takes more than this part of the lock table leaves others on the server too little. */
const SHARE = 1 / 2

interface Room {
  readonly slots: number
  /** A view is printed under a lock on it and on all that it reads; indexes and constraints are not. */
  readonly printed: number
  readonly tree: number
}

export const sourceLocksShort: Check = {
  code: 'SRC_LOCKS_SHORT',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source'],
  title: 'the source’s lock table has room for what reads its objects and its largest tree of partitions',
  cause:
    'one transaction of the migration would take more than half of the lock table, and others on the server could get "out of shared memory"',
  remedy: 'raise max_locks_per_transaction on the source and restart it, or migrate when nobody else needs it',
  async run(context) {
    const version = context.source.serverVersion
    const [room] = await context.source.rows<Room>(roomSql(version))
    if (room === undefined) return passed
    const most = Math.floor(room.slots * SHARE)
    const needs = [
      { locks: room.printed, by: 'the views that pg_dump prints, with what they read,' },
      { locks: room.tree, by: 'the largest tree of hash partitions' },
    ]
    return needs
      .filter(({ locks }) => locks > most)
      .map(({ locks, by }) => ({
        cause: `${by} take ${locks} locks, and the source’s lock table has ${room.slots} in all`,
      }))
  },
}

function roomSql(version: number): string {
  const trees = `
    WITH RECURSIVE member AS (
      SELECT p.partrelid AS root, p.partrelid AS oid FROM pg_catalog.pg_partitioned_table p
       WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = p.partrelid)
         AND p.partstrat = 'h'
      UNION ALL SELECT m.root, i.inhrelid FROM member m JOIN pg_catalog.pg_inherits i ON i.inhparent = m.oid)
    SELECT pg_catalog.count(*) + pg_catalog.count(x.indexrelid) AS locks
      FROM member m LEFT JOIN pg_catalog.pg_index x ON x.indrelid = m.oid GROUP BY m.root ORDER BY 1 DESC LIMIT 1`
  return `
    SELECT (pg_catalog.current_setting('max_locks_per_transaction')::bigint
              * (pg_catalog.current_setting('max_connections')::bigint
                 + pg_catalog.current_setting('max_prepared_transactions')::bigint))::float8 AS slots,
           (SELECT pg_catalog.count(DISTINCT d.refobjid) FROM pg_catalog.pg_depend d
              JOIN pg_catalog.pg_rewrite w ON w.oid = d.objid JOIN pg_catalog.pg_class c ON c.oid = w.ev_class
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
               AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
               AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')::float8 AS printed,
           ${version >= 110_000 ? `COALESCE((${trees}), 0)` : '0'}::float8 AS tree`
}
