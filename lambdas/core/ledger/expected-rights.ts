import type { Session } from '../postgres/connect.ts'

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
  const batches = Array.from({ length: Math.ceil(rights.length / BATCH) }, (_, index) =>
    rights.slice(index * BATCH, (index + 1) * BATCH),
  )
  return [
    destination.rows(`DELETE FROM sampan.expected_right WHERE run = $1`, [run]),
    ...batches.map((batch) =>
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
