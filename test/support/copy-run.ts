import { migrateLedger } from '../../lambdas/core/ledger/migrate.ts'
import { openRun } from '../../lambdas/core/ledger/run.ts'
import { connect, type Session } from '../../lambdas/core/postgres/connect.ts'
import type { Side } from '../../lambdas/core/postgres/errors.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import type { TestDatabase } from './servers.ts'

/** A session of the product's own kind on a test database: those of the destination are pipelined. */
export async function openSession(
  database: TestDatabase,
  side: Side,
  pipeline = side === 'destination',
): Promise<Session> {
  return connect({ side, ...database.connection, tls: false, applicationName: 'test', pipeline })
}

/** A destination with a ledger and an open run in which every table of the source is a relation to copy. */
export async function planRelations(source: TestDatabase, destination: TestDatabase, event: StepEvent): Promise<void> {
  const session = await openSession(destination, 'destination')
  try {
    await migrateLedger(session)
    await openRun(session, event.run, 'fingerprint', {
      serverVersion: 150_000,
      encoding: 'UTF8',
      database: source.name,
    })
    const relations = await source.query(`
      SELECT json_agg(json_build_object('oid', c.oid, 'schema', n.nspname, 'name', c.relname, 'columns', k.columns, 'types', k.types,
                                        'bytes', pg_table_size(c.oid), 'pages', CASE WHEN c.relam IN (0, 2) THEN pg_relation_size(c.oid) / 8192 ELSE 0 END)) AS all
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
             LATERAL (SELECT COALESCE(array_agg(attname::text ORDER BY attnum), '{}') AS columns,
                             COALESCE(array_agg(format_type(atttypid, atttypmod) ORDER BY attnum), '{}') AS types
                        FROM pg_attribute a WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND COALESCE(row_to_json(a) ->> 'attgenerated', '') = '') k
       WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'sampan')`)
    await session.rows(
      `INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes, pages)
       SELECT $1, r.oid, r.schema, r.name, r.columns, r.types, false, r.bytes, r.pages
         FROM jsonb_to_recordset($2::jsonb) AS r(oid oid, schema text, name text, columns text[], types text[], bytes bigint, pages bigint)`,
      [event.run.id, relations[0]?.all ?? '[]'],
    )
  } finally {
    await session.close()
  }
}
