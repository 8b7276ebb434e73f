import type { Session } from '../../postgres/connect.ts'
import { withoutKeywordQuotesSql } from '../../postgres/identifiers.ts'
import { inBatches } from '../../runtime/in-batches.ts'

/** The rights on one object that a plan comes to; fields as in structure/rights-sql.ts. */
export interface ExpectedRights {
  /** The planned object that makes it; null for what no object makes: the database, a large object. */
  readonly object: number | null
  /** The planned object that gives it to its owner. */
  readonly ownerObject: number | null
  readonly kind: string
  readonly identity: string
  /** null: whoever it is. */
  readonly owner: string | null
  readonly acl: readonly string[] | null
  readonly columns: readonly string[] | null
  readonly traits: readonly string[]
}

/** Rows of one INSERT: some megabytes of text at most. */
const BATCH = 10_000

/** Keeps what the plan comes to, instead of what an earlier one did; call it in the flight that stores the plan. */
export function storeExpectedRights(
  destination: Session,
  run: string,
  rights: readonly ExpectedRights[],
): Promise<unknown>[] {
  return [
    destination.rows(`DELETE FROM sampan.expected_right WHERE run = $1`, [run]),
    ...inBatches(rights, BATCH).map((batch) =>
      destination.rows(
        `INSERT INTO sampan.expected_right (run, object, owner_object, kind, identity, owner, acl, columns, traits)
         SELECT $1, e.object, e."ownerObject", e.kind, e.identity, e.owner, e.acl, e.columns, e.traits
           FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS e(object integer, "ownerObject" integer, kind text, identity text,
                  owner text, acl text[], columns text[], traits text[])`,
        [run, JSON.stringify(batch)],
      ),
    ),
  ]
}

/** One object at both ends; fields as in structure/rights-sql.ts. */
export interface BothSides {
  readonly kind: string
  readonly identity: string
  /** It is there and nobody expects it: a policy, default privileges, rights on a large object. */
  readonly surplus: boolean
  readonly missing: boolean
  /** Rights on it were left out or failed, and that is told already. */
  readonly told: boolean
  readonly owner: string | null
  readonly actualOwner: string | null
  readonly acl: readonly string[] | null
  readonly actualAcl: readonly string[] | null
  readonly columns: readonly string[] | null
  readonly actualColumns: readonly string[] | null
  readonly traits: readonly string[]
  readonly actualTraits: readonly string[]
  /** What such an object of this owner has by itself. */
  readonly standard: readonly string[]
  /** What is there beforehand is given to the account that migrates, too: it needs it. */
  readonly account?: string
}

/** The rights that there are on the destination. */
export interface ActualRights {
  /** The beginning of a statement, `WITH …, rights AS (…)`: `kind, identity, oid, of_table, owner, acl, columns, traits`. */
  readonly sql: string
  /** An expression: what the object of an alias has by itself. */
  standardOf(alias: string): string
}

/** Expected and actual rights beside each other where they differ, in one question, whatever the number of objects. */
export async function readBesideExpected(
  destination: Session,
  run: string,
  actual: ActualRights,
): Promise<BothSides[]> {
  return destination.rows<BothSides>(
    `${actual.sql}, actual AS (
    SELECT r.*, ${comparedBy('r')} AS compared FROM rights r
  ), made AS (
    SELECT o.id, o.status IN ('migrated', 'transformed') AS made FROM sampan.object o WHERE o.run = $1
  ), untold AS (
    SELECT DISTINCT target.id FROM sampan.object a CROSS JOIN LATERAL pg_catalog.unnest(a.dependencies[1:1]) AS target(id)
     WHERE a.run = $1 AND a.kind = 'ACL' AND a.status NOT IN ('migrated', 'transformed')
  ), wanted AS (
    SELECT e.*, ${comparedBy('e')} AS compared, CASE WHEN own.made IS NOT FALSE THEN e.owner END AS whose,
           e.object IN (SELECT u.id FROM untold u) AS told
      FROM sampan.expected_right e LEFT JOIN made m ON m.id = e.object LEFT JOIN made own ON own.id = e.owner_object
     WHERE e.run = $1 AND m.made IS NOT FALSE
  ), mine AS (
    SELECT r.oid FROM actual r JOIN wanted w ON w.kind = r.kind AND w.compared = r.compared WHERE w.kind = 'table'
  )
  SELECT w.kind, w.identity, false AS surplus, r.identity IS NULL AS missing, COALESCE(w.told, false) AS told,
         w.whose AS owner, r.owner AS "actualOwner", w.acl, r.acl AS "actualAcl", w.columns, r.columns AS "actualColumns",
         w.traits, COALESCE(r.traits, '{}') AS "actualTraits",
         ${actual.standardOf('w')} AS standard, CURRENT_USER::text AS account
    FROM wanted w LEFT JOIN actual r ON r.kind = w.kind AND r.compared = w.compared
   WHERE r.identity IS NULL OR w.whose <> r.owner OR w.acl IS DISTINCT FROM r.acl
      OR w.columns IS DISTINCT FROM r.columns OR w.traits IS DISTINCT FROM COALESCE(r.traits, '{}')
  UNION ALL
  SELECT r.kind, r.identity, true, false, false, NULL, r.owner, NULL, r.acl, NULL, NULL, '{}', COALESCE(r.traits, '{}'), ${actual.standardOf('r')}, CURRENT_USER::text
    FROM actual r LEFT JOIN wanted w ON w.kind = r.kind AND w.compared = r.compared
   WHERE w.kind IS NULL AND (
         r.kind = 'policy' AND r.of_table IN (SELECT m.oid FROM mine m)
      OR r.kind = 'large object' AND r.acl IS NOT NULL
         AND EXISTS (SELECT FROM sampan.relation l WHERE l.run = $1 AND l.oid = 0)
      OR r.kind = 'default privileges'
         AND ((r.identity::json) ->> 0 = CURRENT_USER OR (r.identity::json) ->> 0 IN (SELECT w.owner FROM wanted w)))
   ORDER BY 1, 2`,
    [run],
  )
}

/** An identity as both servers write it; that of default privileges is JSON, and has no quotes to lose. */
function comparedBy(alias: string): string {
  return `CASE WHEN ${alias}.kind = 'default privileges' THEN ${alias}.identity ELSE ${withoutKeywordQuotesSql(`${alias}.identity`)} END`
}
