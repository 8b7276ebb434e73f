import { type Check, count, findingOf, passed } from '../check.ts'
import { destinationRole } from '../facts/role.ts'
import { notOfExtension, shownName, USER_SCHEMA } from '../facts/sql.ts'

/** Oids below belong to initdb. */
const FIRST_USER_OID = 16384

/** ApsaraDB’s privileged account makes these although it is no superuser. */
const APSARA_ALLOWS = new Set(['event trigger', 'leakproof function'])

interface PrivilegedRow {
  readonly kind: string
  /** `null` for objects without a schema. */
  readonly schema: string | null
  readonly name: string
}

export const privilegedObjects: Check = {
  code: 'DST_PRIVILEGED_OBJECTS',
  side: 'both',
  level: 'warning',
  scope: 'database',
  needs: ['source', 'destination'],
  title: 'a plain account of the destination can create every chosen object',
  cause: 'some objects can be created by a superuser only, and the destination account is none',
  remedy: 'log in to the destination as a privileged account, leave the objects out, or acknowledge this code',
  async run(context) {
    const role = await context.fact(destinationRole)
    if (role.superuser) return passed
    const { selection } = context
    const apsara = context.event.task.destination.apsaraInstance !== undefined
    const all = await context.source.rows<PrivilegedRow>(privilegedSql(context.source.serverVersion))
    const rows = all
      .filter(({ schema }) => (schema === null ? selection.everything : selection.includesWholeSchema(schema)))
      .filter((row) => !apsara || !APSARA_ALLOWS.has(row.kind))
    return findingOf(
      rows.map((row) => `${row.kind} ${row.schema === null ? shownName(row.name) : shownName(row.schema, row.name)}`),
      (number) => `${role.name} is no superuser and cannot create ${count(number, 'object')}`,
    )
  },
}

/** The kinds that were seen to fail for a plain account on 15 and 18; C functions have a check of their own. */
function privilegedSql(version: number): string {
  const inSchema = (kind: string, catalogue: string, column: string, more = 'true') => `
    SELECT '${kind}' AS kind, n.nspname AS schema, o.${column}name AS name
      FROM pg_catalog.${catalogue} AS o JOIN pg_catalog.pg_namespace AS n ON n.oid = o.${column}namespace
     WHERE ${USER_SCHEMA} AND ${notOfExtension(catalogue, 'o.oid')} AND ${more}`
  const global = (kind: string, catalogue: string, name: string, more = 'true') => `
    SELECT '${kind}', NULL, o.${name} FROM pg_catalog.${catalogue} AS o
     WHERE o.oid >= ${FIRST_USER_OID} AND ${notOfExtension(catalogue, 'o.oid')} AND ${more}`
  const parts = [
    inSchema(
      'base type',
      'pg_type',
      'typ',
      `o.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.typarray = o.oid)`,
    ),
    inSchema('leakproof function', 'pg_proc', 'pro', 'o.proleakproof'),
    inSchema('operator class', 'pg_opclass', 'opc'),
    inSchema('text search parser', 'pg_ts_parser', 'prs'),
    inSchema('text search template', 'pg_ts_template', 'tmpl'),
    global('foreign-data wrapper', 'pg_foreign_data_wrapper', 'fdwname'),
    global('event trigger', 'pg_event_trigger', 'evtname'),
  ]
  if (version >= 90_600) parts.push(global('access method', 'pg_am', 'amname'))
  if (version >= 100_000)
    parts.push(global('publication for all tables', 'pg_publication', 'pubname', 'o.puballtables'))
  return `${parts.join(' UNION ALL ')} ORDER BY 1, 2, 3`
}
