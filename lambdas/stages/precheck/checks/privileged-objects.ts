import { type Check, count, findingOf, passed } from '../check.ts'
import type { CheckContext } from '../context.ts'
import { destinationRole } from '../facts/role.ts'
import { notOfExtension, shownName, USER_SCHEMA } from '../facts/sql.ts'

/** Oids below belong to initdb. */
const FIRST_USER_OID = 16384

/** ApsaraDB’s privileged account makes these although it is no superuser. */
const APSARA_ALLOWS = new Set(['event trigger', 'leakproof function'])

interface PrivilegedRow {
  /** In words, for people. */
  readonly kind: string
  /** `null` for objects without a schema. */
  readonly schema: string | null
  readonly name: string
  /** Of a function, its arguments in parentheses; empty otherwise. */
  readonly signature: string
}

/** What `exclude` calls them; a function may be a procedure too. */
const FUNCTIONS = ['FUNCTION', 'PROCEDURE', 'AGGREGATE']
const KINDS: Readonly<Record<string, readonly string[]>> = {
  'base type': ['TYPE'],
  'foreign-data wrapper': ['FOREIGN DATA WRAPPER'],
  'cast without a function': ['CAST'],
}

function excludableKinds(kind: string): readonly string[] {
  const known = KINDS[kind]
  if (known !== undefined) return known
  if (/function|aggregate/.test(kind)) return FUNCTIONS
  return [kind.startsWith('server of ') ? 'SERVER' : kind.toUpperCase()]
}

export const privilegedObjects: Check = {
  code: 'DST_PRIVILEGED_OBJECTS',
  side: 'both',
  level: 'warning',
  scope: 'database',
  ofObjects: true,
  needs: ['source', 'destination'],
  title: 'a plain account of the destination can create every chosen object',
  cause: 'some objects can be created by a superuser only, and the destination account is none',
  remedy:
    'log in to the destination as a privileged account, exclude them ({ "kind": "EVENT TRIGGER", "name": … }), or acknowledge this code to leave them out',
  async run(context) {
    const role = await context.fact(destinationRole)
    if (role.superuser) return passed
    const { selection } = context
    const apsara = context.event.task.destination.apsaraInstance !== undefined
    const all = await Promise.all([
      context.source.rows<PrivilegedRow>(privilegedSql(context.source.serverVersion)),
      serversWithoutUsage(context),
      functionsWithoutSetting(context),
    ])
    const rows = all
      .flat()
      .filter(({ schema }) => (schema === null ? selection.everything : selection.includesWholeSchema(schema)))
      .filter((row) => !apsara || !APSARA_ALLOWS.has(row.kind))
      .filter(({ kind, schema, name, signature }) => {
        const names = signature === '' ? [name] : [name, name + signature]
        return !excludableKinds(kind).some((one) => selection.excludesObject({ kind: one, names, schema }))
      })
    return findingOf(
      rows.map((row) => `${row.kind} ${row.schema === null ? shownName(row.name) : shownName(row.schema, row.name)}`),
      (number) => `${role.name} is no superuser and cannot create ${count(number, 'object')}`,
    )
  },
}

const SIGNATURE = `'(' || pg_catalog.oidvectortypes(o.proargtypes) || ')'`

/** The kinds that were seen to fail for a plain account on 15 and 18; C functions have a check of their own. */
function privilegedSql(version: number): string {
  const inSchema = (kind: string, catalogue: string, column: string, more = 'true') => `
    SELECT '${kind}' AS kind, n.nspname AS schema, o.${column}name AS name, ${catalogue === 'pg_proc' ? SIGNATURE : "''"} AS signature
      FROM pg_catalog.${catalogue} AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.${column}namespace
     WHERE ${USER_SCHEMA} AND ${notOfExtension(catalogue, 'o.oid')} AND ${more}`
  const global = (kind: string, catalogue: string, name: string, more = 'true') => `
    SELECT '${kind}', NULL, o.${name}, '' FROM pg_catalog.${catalogue} AS o
     WHERE o.oid >= ${FIRST_USER_OID} AND ${notOfExtension(catalogue, 'o.oid')} AND ${more}`
  const parts = [
    inSchema(
      'base type',
      'pg_type',
      'typ',
      `o.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.typarray = o.oid)`,
    ),
    inSchema('leakproof function', 'pg_proc', 'pro', 'o.proleakproof'),
    inSchema(
      'function in an untrusted language',
      'pg_proc',
      'pro',
      `o.prolang IN (SELECT l.oid FROM pg_catalog.pg_language AS l
                      WHERE NOT l.lanpltrusted AND l.lanname NOT IN ('c', 'internal'))`,
    ),
    inSchema(
      'aggregate over internal state',
      'pg_proc',
      'pro',
      `EXISTS (SELECT FROM pg_catalog.pg_aggregate AS a WHERE a.aggfnoid = o.oid
                  AND 'pg_catalog.internal'::pg_catalog.regtype IN (a.aggtranstype, a.aggmtranstype))`,
    ),
    inSchema('operator class', 'pg_opclass', 'opc'),
    // A family that was made with its class goes by its name.
    inSchema(
      'operator family',
      'pg_opfamily',
      'opf',
      `NOT EXISTS (SELECT FROM pg_catalog.pg_opclass AS c WHERE c.opcfamily = o.oid AND c.opcname = o.opfname)`,
    ),
    inSchema('text search parser', 'pg_ts_parser', 'prs'),
    inSchema('text search template', 'pg_ts_template', 'tmpl'),
    global('foreign-data wrapper', 'pg_foreign_data_wrapper', 'fdwname'),
    global('event trigger', 'pg_event_trigger', 'evtname'),
  ]
  if (version >= 90_600) parts.push(global('access method', 'pg_am', 'amname'))
  parts.push(`
    SELECT 'cast without a function', NULL,
           pg_catalog.format_type(o.castsource, NULL) || ' AS ' || pg_catalog.format_type(o.casttarget, NULL), ''
      FROM pg_catalog.pg_cast AS o
     WHERE o.oid >= ${FIRST_USER_OID} AND o.castmethod = 'b' AND ${notOfExtension('pg_cast', 'o.oid')}`)
  return `${parts.join(' UNION ALL ')} ORDER BY 1, 2, 3`
}

/** Servers of wrappers that are there and that the account may not use; who makes a wrapper may use it. */
async function serversWithoutUsage(context: CheckContext): Promise<readonly PrivilegedRow[]> {
  const [servers, closed] = await Promise.all([
    context.source.rows<{ name: string; wrapper: string }>(
      `SELECT s.srvname AS name, w.fdwname AS wrapper FROM pg_catalog.pg_foreign_server AS s
         JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
        WHERE ${notOfExtension('pg_foreign_server', 's.oid')} ORDER BY 1`,
    ),
    context.destinationServer.rows<{ name: string }>(
      `SELECT fdwname AS name FROM pg_catalog.pg_foreign_data_wrapper
        WHERE NOT pg_catalog.has_foreign_data_wrapper_privilege(oid, 'USAGE')`,
    ),
  ])
  const names = new Set(closed.map(({ name }) => name))
  return servers
    .filter(({ wrapper }) => names.has(wrapper))
    .map(({ name, wrapper }) => ({ kind: `server of ${shownName(wrapper)}`, schema: null, name, signature: '' }))
}

/** Functions with settings that only a superuser changes, or whoever was given the right to (15 and later). */
async function functionsWithoutSetting(context: CheckContext): Promise<readonly PrivilegedRow[]> {
  const { source, destinationServer } = context
  const grantable = destinationServer.serverVersion >= 150_000
  const [functions, closed] = await Promise.all([
    source.rows<{ schema: string; name: string; signature: string; setting: string }>(
      `SELECT n.nspname AS schema, p.proname AS name, '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')' AS signature,
              pg_catalog.split_part(c.item, '=', 1) AS setting
         FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace,
              pg_catalog.unnest(p.proconfig) AS c(item)
        WHERE ${USER_SCHEMA} AND ${notOfExtension('pg_proc', 'p.oid')} ORDER BY 1, 2`,
    ),
    destinationServer.rows<{ name: string }>(
      `SELECT name FROM pg_catalog.pg_settings WHERE context = 'superuser'
        ${grantable ? `AND NOT pg_catalog.has_parameter_privilege(name, 'SET')` : ''}`,
    ),
  ])
  const names = new Set(closed.map(({ name }) => name))
  return functions
    .filter(({ setting }) => names.has(setting))
    .map(({ schema, name, signature, setting }) => ({
      kind: `function with the setting ${setting}`,
      schema,
      name,
      signature,
    }))
}
