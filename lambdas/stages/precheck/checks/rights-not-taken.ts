import { withoutKeywordQuotesSql } from '../../../core/postgres/identifiers.ts'
import { type Check, count, findingOf } from '../check.ts'
import type { CheckContext } from '../context.ts'
import { chosenRelations } from '../facts/relations.ts'
import { destinationRole } from '../facts/role.ts'

/** PostgreSQL notes since 9.6 which rights an object was born with. */
const INITIAL_SINCE = 90_600

interface Right {
  readonly kind: string
  readonly identity: string
  /** Of a function, without its schema. */
  readonly name: string
  readonly privilege: string
  /** Nobody has changed the object’s rights on the source, so the migration says nothing of them. */
  readonly untouched: boolean
}

/** What everybody could do with objects of the server and of extensions, and cannot any more; and cannot do in a schema. */
const TAKEN = `
  SELECT o.kind, o.identity, o.name, was.privilege_type AS privilege, false AS untouched
    FROM (
      SELECT 'function' AS kind, (pg_catalog.pg_identify_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0)).identity,
             p.proname AS name, 'pg_catalog.pg_proc'::pg_catalog.regclass AS class, p.oid, p.proacl AS acl, p.proowner AS owner, 'f' AS letter
        FROM pg_catalog.pg_proc AS p WHERE p.proacl IS NOT NULL
      UNION ALL
      SELECT 'language', l.lanname, '', 'pg_catalog.pg_language'::pg_catalog.regclass, l.oid, l.lanacl, l.lanowner, 'l'
        FROM pg_catalog.pg_language AS l WHERE l.lanacl IS NOT NULL
      UNION ALL
      SELECT 'type', (pg_catalog.pg_identify_object('pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 0)).identity,
             '', 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, t.typacl, t.typowner, 'T'
        FROM pg_catalog.pg_type AS t WHERE t.typacl IS NOT NULL
      UNION ALL
      SELECT 'table', (pg_catalog.pg_identify_object('pg_catalog.pg_class'::pg_catalog.regclass, c.oid, 0)).identity,
             '', 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, c.relacl, c.relowner, 'r'
        FROM pg_catalog.pg_class AS c WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'v', 'm')
    ) AS o
    LEFT JOIN pg_catalog.pg_init_privs AS i ON i.classoid = o.class AND i.objoid = o.oid AND i.objsubid = 0
    CROSS JOIN LATERAL pg_catalog.aclexplode(
      COALESCE(i.initprivs, pg_catalog.acldefault(o.letter::"char", o.owner))) AS was
   WHERE was.grantee = 0
     AND (o.oid < 16384 OR EXISTS (SELECT FROM pg_catalog.pg_depend AS m
                                    WHERE m.classid = o.class AND m.objid = o.oid AND m.deptype = 'e'))
     AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(o.acl) AS now
                      WHERE now.grantee = 0 AND now.privilege_type = was.privilege_type)
  UNION ALL
  SELECT 'schema', n.nspname, '', p.privilege, n.nspacl IS NULL OR n.nspacl = i.initprivs
    FROM pg_catalog.pg_namespace AS n
    LEFT JOIN pg_catalog.pg_init_privs AS i
      ON i.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND i.objoid = n.oid
    CROSS JOIN (VALUES ('CREATE'), ('USAGE')) AS p(privilege)
   WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sampan')
     AND NOT pg_catalog.has_schema_privilege('public', n.oid, p.privilege)
  ORDER BY 1, 2, 4`

/**
 * Those that everybody has on the destination, where the account may not take them, or nobody tells it to. What is not there yet
 * comes with an extension: its members are the bootstrap superuser’s.
 */
const KEPT = `
  SELECT r.kind, r.identity, r.privilege
    FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]),
                    pg_catalog.unnest($4::boolean[]), pg_catalog.unnest($6::text[]))
         WITH ORDINALITY AS r(kind, identity, privilege, untouched, name, number)
    LEFT JOIN LATERAL (
      SELECT p.proowner AS owner, pg_catalog.has_function_privilege('public', p.oid, r.privilege) AS held
        FROM pg_catalog.pg_proc AS p
       -- Before 16 to_regprocedure is an error where a type is not there yet.
       WHERE r.kind = 'function' AND p.proname = r.name
         AND ${withoutKeywordQuotesSql(`(pg_catalog.pg_identify_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0)).identity`)}
             = ${withoutKeywordQuotesSql('r.identity')}
      UNION ALL
      SELECT l.lanowner, pg_catalog.has_language_privilege('public', l.oid, r.privilege)
        FROM pg_catalog.pg_language AS l WHERE r.kind = 'language' AND l.lanname = r.identity
      UNION ALL
      SELECT t.typowner, pg_catalog.has_type_privilege('public', t.oid, r.privilege)
        FROM pg_catalog.pg_type AS t WHERE r.kind = 'type' AND t.oid = pg_catalog.to_regtype(r.identity)
      UNION ALL
      SELECT c.relowner, pg_catalog.has_table_privilege('public', c.oid, r.privilege)
        FROM pg_catalog.pg_class AS c WHERE r.kind = 'table' AND c.oid = pg_catalog.to_regclass(r.identity)
      UNION ALL
      SELECT n.nspowner, pg_catalog.has_schema_privilege('public', n.oid, r.privilege)
        FROM pg_catalog.pg_namespace AS n WHERE r.kind = 'schema' AND n.nspname = r.identity
    ) AS there ON true
   WHERE CASE WHEN there.owner IS NULL THEN r.kind <> 'schema' AND NOT $5::boolean
              ELSE there.held AND (r.untouched OR NOT pg_catalog.pg_has_role(there.owner, 'USAGE')) END
   ORDER BY r.number`

export const rightsNotTaken: Check = {
  code: 'RIGHTS_NOT_TAKEN',
  side: 'both',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destinationDatabase'],
  title: 'what was taken from everybody on the source can be taken on the destination',
  cause:
    'everybody has rights on the destination that were taken on the source, and the account may not take them there',
  remedy: 'have the owner run the REVOKE statements listed, or acknowledge this code',
  async run(context) {
    if (context.source.serverVersion < INITIAL_SINCE) return []
    const [taken, account] = await Promise.all([chosenRights(context), context.fact(destinationRole)])
    if (taken.length === 0) return []
    const column = (key: keyof Right) => taken.map((right) => right[key])
    const kept = await context.destination.rows<Right>(KEPT, [
      column('kind'),
      column('identity'),
      column('privilege'),
      column('untouched'),
      account.superuser,
      column('name'),
    ])
    return findingOf(
      kept.map(
        ({ kind, identity, privilege }) => `REVOKE ${privilege} ON ${kind.toUpperCase()} ${identity} FROM PUBLIC`,
      ),
      (number) => `everybody keeps ${count(number, 'right')} that ${number === 1 ? 'was' : 'were'} taken on the source`,
    )
  },
}

/** Of schemas those that hold something chosen; of the server and its extensions all. */
async function chosenRights(context: CheckContext): Promise<readonly Right[]> {
  const [rights, relations] = await Promise.all([context.source.rows<Right>(TAKEN), context.fact(chosenRelations)])
  const schemas = new Set(relations.map(({ schema }) => schema))
  return rights.filter(({ kind, identity }) => kind !== 'schema' || schemas.has(identity))
}
