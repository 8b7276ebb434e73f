import { withMadeRoles } from '../../../core/postgres/new-roles.ts'
import { readClosedSchemas, readDestinationRoles, whyNotOwner } from '../../../core/postgres/roles.ts'
import { readRowSecuredViews } from '../../../core/postgres/row-secured-views.ts'
import { type Check, count, findingOf } from '../check.ts'
import type { CheckContext } from '../context.ts'
import { isChosen } from '../facts/relations.ts'
import { madeRoles, rolesByTask, sourceRole } from '../facts/role.ts'
import { notOfExtension, shownName, USER_SCHEMA } from '../facts/sql.ts'

/** Something that runs or reads with its owner's rights. */
interface Owned {
  readonly schema: string
  readonly name: string
  readonly owner: string
  /** PostgreSQL's word for it. */
  readonly kind: string
  /** What the owner's rights decide. */
  readonly what: string
}

/** Views over what their owners cannot read, rules of tables, functions that run as their owner. */
const OWNED = `
  SELECT n.nspname AS schema, v.relname AS name, o.rolname AS owner, 'view' AS kind,
         'its owner cannot read ' || tn.nspname || '.' || t.relname AS what
    FROM pg_catalog.pg_rewrite AS r JOIN pg_catalog.pg_depend AS d
      ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
     AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class
    JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class JOIN pg_catalog.pg_namespace AS n ON n.oid = v.relnamespace
    JOIN pg_catalog.pg_roles AS o ON o.oid = v.relowner
    JOIN pg_catalog.pg_class AS t ON t.oid = d.refobjid JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
   WHERE r.rulename = '_RETURN' AND ${USER_SCHEMA} AND t.relkind IN ('r', 'p', 'v', 'm', 'f')
     AND NOT COALESCE(v.reloptions && ARRAY['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)
     AND NOT pg_catalog.has_any_column_privilege(o.oid, t.oid, 'SELECT')
  UNION
  SELECT n.nspname, c.relname, o.rolname, 'table', 'its rule ' || r.rulename || ' acts with the rights of its owner'
    FROM pg_catalog.pg_rewrite AS r JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_roles AS o ON o.oid = c.relowner
   WHERE r.rulename <> '_RETURN' AND ${USER_SCHEMA}
  UNION
  SELECT n.nspname, p.proname, o.rolname, 'function', 'it runs with the rights of its owner (SECURITY DEFINER)'
    FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_roles AS o ON o.oid = p.proowner
   WHERE p.prosecdef AND ${USER_SCHEMA} AND ${notOfExtension('pg_proc', 'p.oid')}
   ORDER BY 1, 2`

export const ownersNotKept: Check = {
  code: 'OWNERS_NOT_KEPT',
  side: 'both',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destination'],
  title: 'whatever acts with its owner’s rights keeps its owner',
  cause:
    'owners cannot be kept of views, SECURITY DEFINER functions or rules, which would act with the destination account’s wider rights',
  remedy: 'create the owners on the destination first, as roles that the account administers, or acknowledge this code',
  async run(context) {
    const [made, map, owned, there, closedSchemas, { name }] = await Promise.all([
      context.fact(madeRoles),
      context.fact(rolesByTask),
      readOwned(context),
      readDestinationRoles(context.destinationServer),
      context.destinationMissing ? new Map() : readClosedSchemas(context.destination),
      context.fact(sourceRole),
    ])
    const roles = withMadeRoles(there, made.names)
    const facts = { roles, sourceAccount: map?.(name) ?? name, closedSchemas }
    const lines = owned.flatMap((one) => {
      const why = whyNotOwner(map?.(one.owner) ?? one.owner, one.schema, facts)
      return why === null || why === 'quiet'
        ? []
        : [`${one.kind} ${shownName(one.schema, one.name)}: ${one.what}; ${why}`]
    })
    return findingOf(
      lines,
      (number) =>
        `${count(number, 'object')} would act with the rights of ${roles.account} instead of ${number === 1 ? 'its owner’s' : 'their owners’'}`,
    )
  },
}

async function readOwned(context: CheckContext): Promise<readonly Owned[]> {
  const { source, selection } = context
  const [views, others, all, chosen] = await Promise.all([
    readRowSecuredViews(source),
    source.rows<Owned>(OWNED),
    source.rows<{ name: string }>('SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolsuper OR rolbypassrls'),
    context.fact(isChosen),
  ])
  // Whom row security does not bind sees all rows on both sides.
  const unbound = new Set(all.map(({ name }) => name))
  const secured = views
    .filter(({ invoker, owner }) => !invoker && !unbound.has(owner))
    .map(({ schema, name, owner, materialized, tables }) => ({
      schema,
      name,
      owner,
      kind: materialized ? 'materialized view' : 'view',
      what: `it reads the row-secured ${tables.join(', ')}`,
    }))
  return [...secured, ...others].filter(({ kind, schema, name }) =>
    kind === 'function' ? selection.includesWholeSchema(schema) : chosen(schema, name),
  )
}
