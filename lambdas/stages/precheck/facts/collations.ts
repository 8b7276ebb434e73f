import type { CheckContext } from '../context.ts'

/** A collation whose rules a library of the operating system decides, with that library’s version. */
export interface Collation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  /** `null`: not known. */
  readonly version: string | null
  /** On the destination. */
  readonly there: string | null
}

/** pg_collation_actual_version() came with 10; of a database’s own collation it tells since 15. */
const VERSIONS_SINCE = 100_000

/** Those of the collations whose rules are not surely the same on both servers. C, POSIX and what the server brings itself are. */
export async function collationsDiffer(context: CheckContext, oids: readonly number[]): Promise<readonly Collation[]> {
  const own = await context.source.rows<Omit<Collation, 'there'>>(
    `SELECT l.oid, n.nspname::text AS schema, l.collname::text AS name, pg_catalog.pg_collation_actual_version(l.oid) AS version
         FROM pg_catalog.pg_collation AS l JOIN pg_catalog.pg_namespace AS n ON n.oid = l.collnamespace
         JOIN pg_catalog.pg_database AS d ON d.datname = pg_catalog.current_database()
        CROSS JOIN LATERAL (
          SELECT CASE WHEN l.collname = 'default' THEN COALESCE(pg_catalog.row_to_json(d) ->> 'datlocprovider', 'c')
                      ELSE l.collprovider::text END AS provider,
                 CASE WHEN l.collname = 'default' THEN d.datctype::text ELSE l.collctype::text END AS ctype) AS rules
        WHERE l.oid = ANY ($1::pg_catalog.oid[]) AND rules.provider <> 'b'
          AND NOT (rules.provider = 'c' AND rules.ctype ~* '^(C|POSIX)(\\.|$)')
        ORDER BY 2, 3`,
    [oids],
  )
  const there = await versionsThere(context, own)
  return own
    .map((collation) => ({ ...collation, there: there.get(`${collation.schema}.${collation.name}`) ?? null }))
    .filter(({ version, there }) => version === null || version !== there)
}

/** By name; of a database that is still to be made those of `postgres`. A server that is not reached is a finding of its own. */
async function versionsThere(
  context: CheckContext,
  own: readonly Pick<Collation, 'name'>[],
): Promise<ReadonlyMap<string, string | null>> {
  const destination = context.destinationServer
  if (destination.serverVersion < VERSIONS_SINCE) return new Map()
  const rows = await destination.rows<{ name: string; version: string | null }>(
    `SELECT n.nspname || '.' || l.collname AS name, pg_catalog.pg_collation_actual_version(l.oid) AS version
       FROM pg_catalog.pg_collation AS l JOIN pg_catalog.pg_namespace AS n ON n.oid = l.collnamespace
      WHERE l.collname = ANY ($1::pg_catalog.name[]) AND l.collencoding IN (-1, (SELECT encoding FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))`,
    [own.map(({ name }) => name)],
  )
  return new Map(rows.map(({ name, version }) => [name, version]))
}
