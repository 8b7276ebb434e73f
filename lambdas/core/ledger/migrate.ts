import type { Session } from '../postgres/connect.ts'
import { DatabaseError } from '../postgres/errors.ts'
import { SampanError } from '../runtime/errors.ts'
import { migrations } from './migrations.ts'

/** The oldest destination the ledger works on: identity columns. */
export const MINIMUM_SERVER_VERSION = 100_000

/** One number of the advisory lock space; "samp" in ASCII. Two runs that start at once take turns. */
const LOCK = 0x73616d70

/**
 * Brings schema `sampan` of the destination up to date: each numbered migration once, each in the transaction that records
 * it, under a lock. Two round trips.
 * @throws SampanError LEDGER_SERVER_TOO_OLD, LEDGER_NEWER, or the server's own error (no right to create the schema)
 */
export async function migrateLedger(destination: Session): Promise<void> {
  if (destination.serverVersion < MINIMUM_SERVER_VERSION) {
    throw new SampanError({
      code: 'LEDGER_SERVER_TOO_OLD',
      message: `the destination runs version number ${destination.serverVersion}; the ledger needs PostgreSQL 10 or later`,
      remedy: 'give the task a destination of PostgreSQL 10 or later, then start it again',
    })
  }
  const version = await currentVersion(destination)
  if (version < migrations.length) await applyFrom(destination, version)
  if (version > migrations.length) {
    throw new SampanError({
      code: 'LEDGER_NEWER',
      message: `the ledger in the destination is of a newer Sampan (migration ${version}, this one knows ${migrations.length})`,
      remedy:
        'run the newer Sampan; or, where its runs are over, drop the schema "sampan" there, and of what they have migrated what is in the way',
    })
  }
}

async function currentVersion(destination: Session): Promise<number> {
  try {
    const [row] = await destination.rows<{ version: number }>(
      `SELECT COALESCE(pg_catalog.max(number), 0) AS version FROM sampan.migration`,
    )
    return row?.version ?? 0
  } catch (thrown) {
    if (stateOf(thrown) === UNDEFINED_TABLE) return 0
    throw thrown
  }
}

/** All of them in one flight: each is one Query, and that is one transaction. */
async function applyFrom(destination: Session, version: number): Promise<void> {
  const asked = [
    destination.execute(`
      SELECT pg_catalog.pg_advisory_xact_lock(${LOCK});
      CREATE SCHEMA IF NOT EXISTS sampan;
      CREATE TABLE IF NOT EXISTS sampan.migration (
        number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp())`),
    ...migrations.slice(version).map(({ number, sql }) =>
      destination.execute(`
        SELECT pg_catalog.pg_advisory_xact_lock(${LOCK});
        INSERT INTO sampan.migration (number) SELECT ${behind(number)};
        ${sql}`),
    ),
  ]
  for (const answer of await Promise.allSettled(asked)) {
    // Another run was faster: it has applied this one.
    if (answer.status === 'rejected' && stateOf(answer.reason) !== UNIQUE_VIOLATION) throw answer.reason
  }
}

/** Its number where the one before is there; else NULL, which the table refuses: one that failed is not passed over by those behind it. */
function behind(number: number): string {
  return number === 1
    ? '1'
    : `CASE WHEN EXISTS (SELECT FROM sampan.migration WHERE number OPERATOR(pg_catalog.=) ${number - 1}) THEN ${number} END`
}

const UNDEFINED_TABLE = '42P01'
const UNIQUE_VIOLATION = '23505'

function stateOf(thrown: unknown): string | null {
  return thrown instanceof DatabaseError ? thrown.sqlState : null
}
