import type { Session } from '../postgres/connect.ts'

/** What the ledger of a destination says about a run, where there may be no ledger at all. */
export interface LedgerPresence {
  /** A schema named sampan is there. */
  readonly schemaPresent: boolean
  /** The number of its last migration; `null` where it is no ledger. */
  readonly version: number | null
  readonly run: LedgerRun | null
}

export interface LedgerRun {
  readonly state: 'open' | 'sealed'
  readonly fingerprint: string
  /** Its plan stands: from then on it is of one task. */
  readonly planned: boolean
  readonly sealedAt: string | null
  /** Which rows of it somebody has deleted; `null`: none. */
  readonly damage: string | null
}

export const NO_LEDGER: LedgerPresence = { schemaPresent: false, version: null, run: null }

/** Writes nothing, and needs no right to the schema. */
export async function readPresence(destination: Session, run: string): Promise<LedgerPresence> {
  // By pg_class, as to_regclass raises an error where the account may not look into the schema.
  const [found] = await destination.rows<{ schema: boolean; migration: boolean }>(`
    SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'sampan') AS schema,
           EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'sampan' AND c.relname = 'migration') AS migration`)
  if (!found?.migration) return { ...NO_LEDGER, schemaPresent: found?.schema === true }
  const [version, runs] = await Promise.all([
    destination.rows<{ version: number }>(
      `SELECT COALESCE(pg_catalog.max(number), 0) AS version FROM sampan.migration`,
    ),
    destination.rows<LedgerRun>(
      // The ledger may be of a Sampan before damage was noted.
      `SELECT r.state, r.fingerprint, r.objects_planned_at IS NOT NULL AS planned, r.sealed_at AS "sealedAt",
              pg_catalog.to_jsonb(r) ->> 'damage' AS damage FROM sampan.run r WHERE r.id = $1`,
      [run],
    ),
  ])
  return { schemaPresent: true, version: version[0]?.version ?? 0, run: runs[0] ?? null }
}
