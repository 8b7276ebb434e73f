import type { Session } from '../postgres/connect.ts'
import { SampanError } from '../runtime/errors.ts'
import { migrations } from './migrations.ts'

/** The oldest destination the ledger works on: identity columns. */
export const MINIMUM_SERVER_VERSION = 100_000

/** One number of the advisory lock space; "samp" in ASCII. Two runs that start at once take turns. */
const LOCK = 0x73616d70

/**
 * Brings schema `sampan` of the destination up to date: each numbered migration once, each in the transaction that records
 * it, under a lock.
 * @throws SampanError LEDGER_SERVER_TOO_OLD, LEDGER_NEWER, or the server's own error (no right to create the schema)
 */
export async function migrateLedger(destination: Session): Promise<void> {
  if (destination.serverVersion < MINIMUM_SERVER_VERSION) {
    throw new SampanError({
      code: 'LEDGER_SERVER_TOO_OLD',
      message: `the destination runs version number ${destination.serverVersion}; the ledger needs PostgreSQL 10 or later`,
      remedy: 'migrate to a newer destination',
    })
  }
  if ((await currentVersion(destination)) === migrations.length) return
  await destination.execute(`
    BEGIN;
    SELECT pg_catalog.pg_advisory_xact_lock(${LOCK});
    CREATE SCHEMA IF NOT EXISTS sampan;
    CREATE TABLE IF NOT EXISTS sampan.migration (
      number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp());
    COMMIT`)
  for (const migration of migrations) await applyOnce(destination, migration.number, migration.sql)
  const version = await currentVersion(destination)
  if (version > migrations.length) {
    throw new SampanError({
      code: 'LEDGER_NEWER',
      message: `the ledger in the destination is of a newer Sampan (migration ${version}, this one knows ${migrations.length})`,
      remedy: 'run the newer Sampan, or drop the schema "sampan" if no run is under way',
    })
  }
}

async function currentVersion(destination: Session): Promise<number> {
  const [found] = await destination.rows<{ present: boolean }>(
    `SELECT pg_catalog.to_regclass('sampan.migration') IS NOT NULL AS present`,
  )
  if (!found?.present) return 0
  const [row] = await destination.rows<{ version: number }>(
    `SELECT COALESCE(pg_catalog.max(number), 0) AS version FROM sampan.migration`,
  )
  return row?.version ?? 0
}

async function applyOnce(destination: Session, number: number, sql: string): Promise<void> {
  try {
    await destination.execute(`BEGIN; SELECT pg_catalog.pg_advisory_xact_lock(${LOCK})`)
    const applied = await destination.rows(`SELECT 1 FROM sampan.migration WHERE number = $1`, [number])
    if (applied.length === 0) {
      await destination.execute(sql)
      await destination.execute(`INSERT INTO sampan.migration (number) VALUES (${number})`)
    }
    await destination.execute('COMMIT')
  } catch (thrown) {
    await destination.execute('ROLLBACK').catch(() => {})
    throw thrown
  }
}
