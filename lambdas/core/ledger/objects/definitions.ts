import type { Session } from '../../postgres/connect.ts'
import { inOneFlight } from '../../postgres/transaction.ts'
import { keepRun } from '../fence.ts'
import { type GoneObject, taggedAlike } from './gone.ts'

/** What changes the definition of the object that it belongs to. */
const MAKES_PART = [
  'CHECK CONSTRAINT',
  'COMMENT',
  'DEFAULT',
  'RULE',
  'SEQUENCE',
  'SEQUENCE OWNED BY',
  'TABLE ATTACH',
  'TYPE',
]

/**
 * SQL: of every object of the run $1 that is there its id, when it or a part of it was made last, and the digest of its definition. As
 * in gone.ts all is grouped, as a join of tables that nobody has analyzed could be their square.
 */
function definitionsSql(present: string): string {
  const made = `o.run = $1 AND o.status IN ('migrated', 'transformed')`
  return `SELECT min(b.id) AS id, min(b.kind) AS kind, NULLIF(min(b.schema), '') AS schema, min(b.name) AS name,
            pg_catalog.max(b.made_at) AS made_at, min(b.digest) AS digest
       FROM (
         SELECT m.id, min(m.kind) AS kind, min(m.schema) AS schema, min(m.name) AS name, pg_catalog.max(m.at) AS made_at, NULL::text AS digest
           FROM (SELECT o.id, o.kind, COALESCE(o.destination_schema, o.schema, '') COLLATE pg_catalog."C" AS schema,
                        COALESCE(o.destination_name, o.name) COLLATE pg_catalog."C" AS name,
                        o.finished_at AS at FROM sampan.object o WHERE ${made}
                 UNION ALL
                 SELECT needed.id, NULL, NULL, NULL, o.finished_at
                   FROM sampan.object o CROSS JOIN LATERAL pg_catalog.unnest(o.dependencies) AS needed(id)
                  WHERE ${made} AND o.kind = ANY ($2::text[]) AND (o.kind <> 'RULE' OR o.name LIKE '% \\_RETURN')) m
          GROUP BY m.id HAVING min(m.kind) IS NOT NULL
         UNION ALL
         SELECT NULL, d.kind, d.schema COLLATE pg_catalog."C", d.name COLLATE pg_catalog."C", NULL, d.digest
           FROM (${present}) d(kind, schema, name, digest)
       ) b
      GROUP BY b.kind, b.schema, ${taggedAlike('b')} HAVING min(b.id) IS NOT NULL AND min(b.digest) IS NOT NULL`
}

/**
 * Writes down what the objects that stand by now are, where that is not known yet, or they were made anew since. One statement, whatever
 * their number.
 * @param present a query `kind, schema, name, digest` of what is on the destination, in pg_dump's words
 */
export async function storeDefinitions(destination: Session, run: string, present: string): Promise<void> {
  await inOneFlight(destination, () => [
    keepRun(destination, run),
    destination.rows(
      `INSERT INTO sampan.definition AS d (run, object, made_at, digest)
       SELECT $1, now.id, now.made_at, now.digest FROM (${definitionsSql(present)}) now
       ON CONFLICT (run, object) DO UPDATE SET made_at = EXCLUDED.made_at, digest = EXCLUDED.digest
        WHERE d.made_at IS DISTINCT FROM EXCLUDED.made_at`,
      [run, MAKES_PART],
    ),
  ])
}

/** What is another thing than was written down of it. */
export function readRedefined(destination: Session, run: string, present: string): Promise<GoneObject[]> {
  return destination.rows<GoneObject>(
    `SELECT now.id, now.kind, now.schema, now.name
       FROM (${definitionsSql(present)}) now
       JOIN sampan.definition d ON d.run = $1 AND d.object = now.id
      WHERE d.made_at IS NOT DISTINCT FROM now.made_at AND d.digest <> now.digest ORDER BY now.id`,
    [run, MAKES_PART],
  )
}
