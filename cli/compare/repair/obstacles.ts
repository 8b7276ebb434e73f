import type { Relation } from '../../../lambdas/core/ledger/relation.ts'
import { titleOf } from '../../../lambdas/core/ledger/relation.ts'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { DatabaseError } from '../../../lambdas/core/postgres/errors.ts'
import { SampanError } from '../../../lambdas/core/runtime/errors.ts'
import type { FoundBesides } from '../../../lambdas/core/runtime/verdict.ts'

/** What keeps a table of the destination from being repaired. */
interface Facts {
  /** Columns that hold values of their own, and are not the source's. */
  readonly others: readonly string[]
  /** Triggers and rules that a session of an application would set off, those of foreign keys among them. */
  readonly fires: boolean
  /** Such as fire for a replica, too. */
  readonly always: boolean
}

/**
 * Makes the transaction one in which no trigger fires and no foreign key is looked after, as a subscriber of logical replication writes.
 * @returns false where the account may not: then triggers fire
 */
export async function writeAsReplica(destination: Session): Promise<boolean> {
  await destination.execute('SAVEPOINT replica')
  try {
    await destination.execute(`SET LOCAL session_replication_role = 'replica'`)
    return true
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || thrown.sqlState !== INSUFFICIENT_PRIVILEGE) throw thrown
    await destination.execute('ROLLBACK TO SAVEPOINT replica')
    return false
  }
}

const INSUFFICIENT_PRIVILEGE = '42501'

/**
 * All that keeps tables from being repaired, each problem with its remedy.
 * @param asReplica see `writeAsReplica`
 * @throws SampanError REPAIR_TRIGGERS, REPAIR_COLUMNS
 */
export async function requireRepairable(
  destination: Session,
  relations: readonly Relation[],
  asReplica: boolean,
): Promise<void> {
  const asked = relations.map((relation) => [
    relation.destination.schema,
    relation.destination.name,
    relation.destination.columns,
  ])
  const facts = await destination.rows<Facts>(FACTS, [JSON.stringify(asked)])
  const named = (is: (one: Facts) => boolean) =>
    relations.filter((_, at) => facts[at] !== undefined && is(facts[at])).map(titleOf)
  const [fire, always] = [asReplica ? [] : named((one) => one.fires), named((one) => one.always)]
  const wide = relations.flatMap((relation, at) =>
    facts[at]?.others.length ? [`${titleOf(relation)} (${facts[at].others.join(', ')})`] : [],
  )
  const found: FoundBesides[] = [
    ...(fire.length === 0
      ? []
      : [
          {
            code: 'REPAIR_TRIGGERS',
            message: `triggers, rules or foreign keys would act on what is repaired, and the destination’s account may not switch them off: ${fire.join(', ')}`,
            remedy:
              'nothing was written: let the account set session_replication_role (a superuser, or from 15 on GRANT SET ON PARAMETER session_replication_role), or repair these tables by hand',
          },
        ]),
    ...(always.length === 0
      ? []
      : [
          {
            code: 'REPAIR_TRIGGERS',
            message: `triggers or rules that are ENABLE ALWAYS or REPLICA would act on what is repaired: ${always.join(', ')}`,
            remedy: 'nothing was written: disable them for the time of the repair, or repair these tables by hand',
          },
        ]),
    ...(wide.length === 0
      ? []
      : [
          {
            code: 'REPAIR_COLUMNS',
            message: `the destination’s tables have columns that the source has not, whose values a repair would lose: ${wide.join('; ')}`,
            remedy: 'nothing was written: repair these tables by hand, or name the others with --table',
          },
        ]),
  ]
  const [first, ...besides] = found
  if (first !== undefined) throw new SampanError({ ...first, besides })
}

/** A row for each table, in their order; partitions below a table count with it. */
const FACTS = `
  WITH RECURSIVE asked AS (
    SELECT w.number, c.oid, w.entry -> 2 AS columns
      FROM pg_catalog.jsonb_array_elements($1::jsonb) WITH ORDINALITY AS w(entry, number)
      JOIN pg_catalog.pg_namespace n ON n.nspname = w.entry ->> 0
      JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.entry ->> 1
  ), part AS (
    SELECT a.number, a.oid FROM asked a
    UNION ALL
    SELECT p.number, i.inhrelid FROM part p JOIN pg_catalog.pg_class c ON c.oid = p.oid AND c.relkind = 'p'
      JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
  ), actor(oid, enabled) AS (
    SELECT t.tgrelid, t.tgenabled FROM pg_catalog.pg_trigger t
    UNION ALL
    SELECT r.ev_class, r.ev_enabled FROM pg_catalog.pg_rewrite r WHERE r.rulename <> '_RETURN'
  )
  SELECT ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = k.oid AND a.attnum > 0 AND NOT a.attisdropped
                  AND COALESCE(pg_catalog.to_jsonb(a) ->> 'attgenerated', '') = ''
                  AND NOT k.columns ? a.attname::text ORDER BY a.attnum) AS others,
         EXISTS (SELECT FROM part p JOIN actor x ON x.oid = p.oid WHERE p.number = k.number AND x.enabled <> 'D') AS fires,
         EXISTS (SELECT FROM part p JOIN actor x ON x.oid = p.oid WHERE p.number = k.number AND x.enabled IN ('A', 'R')) AS always
    FROM asked k ORDER BY k.number`
