import type { CheckContext } from '../context.ts'

/** What the ledger of the destination database says about this run. */
export interface LedgerFacts {
  /** A schema named sampan is there. */
  readonly schemaPresent: boolean
  /** The number of its last migration; `null` where it is no ledger. */
  readonly version: number | null
  readonly run: LedgerRun | null
}

export interface LedgerRun {
  readonly state: 'open' | 'sealed'
  readonly fingerprint: string
  readonly sealedAt: string | null
}

/** Reads it; a destination that is still to be made has none. */
export async function ledgerFacts(context: CheckContext): Promise<LedgerFacts> {
  if (context.destinationMissing) return { schemaPresent: false, version: null, run: null }
  const { destination } = context
  // By pg_class, as to_regclass raises an error where the account may not look into the schema.
  const [found] = await destination.rows<{ schema: boolean; migration: boolean }>(`
    SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'sampan') AS schema,
           EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'sampan' AND c.relname = 'migration') AS migration`)
  if (!found?.migration) return { schemaPresent: found?.schema === true, version: null, run: null }
  const [version, runs] = await Promise.all([
    destination.rows<{ version: number }>(
      `SELECT COALESCE(pg_catalog.max(number), 0) AS version FROM sampan.migration`,
    ),
    destination.rows<LedgerRun>(`SELECT state, fingerprint, sealed_at AS "sealedAt" FROM sampan.run WHERE id = $1`, [
      context.event.run.id,
    ]),
  ])
  return { schemaPresent: true, version: version[0]?.version ?? 0, run: runs[0] ?? null }
}

/** Has this run been in this database already? Then what it made there is no conflict. */
export async function runIsKnown(context: CheckContext): Promise<boolean> {
  return (await context.fact(ledgerFacts)).run !== null
}
