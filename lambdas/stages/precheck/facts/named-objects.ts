import type { ExcludableKind, KindedObject } from '../../../core/task/excluded-object.ts'
import type { CheckContext } from '../context.ts'
import { notOfExtension, shownName, USER_SCHEMA } from './sql.ts'

/** OIDs below belong to initdb. */
const FIRST_USER_OID = 16384

interface NamedObject extends KindedObject {
  /** What `catalogue.ts` calls it. */
  readonly node: string
}

interface ObjectRow {
  readonly kind: string
  readonly node: string
  readonly schema: string | null
  readonly table: string | null
  readonly name: string
  /** Of a function, with its parentheses. */
  readonly signature: string
}

/** Objects of the source that `exclude` names by their kind, of the kinds that this task names there. */
export async function namedObjects(context: CheckContext): Promise<readonly NamedObject[]> {
  const kinds = new Set(context.selection.excludedObjects.map(({ kind }) => kind))
  const queries = [...kinds].flatMap((kind) => queryOf(kind, context.source.serverVersion) ?? [])
  if (queries.length === 0) return []
  const rows = await context.source.rows<ObjectRow>(queries.join(' UNION ALL '))
  return rows.map(({ name, signature, ...row }) => ({
    ...row,
    names: signature === '' ? [name] : [name, name + signature],
  }))
}

/** Those that are excluded, what `catalogue.ts` calls them and what people do. */
export async function excludedByKind(context: CheckContext): Promise<ReadonlyMap<string, string>> {
  const objects = (await context.fact(namedObjects)).filter((object) => context.selection.excludesObject(object))
  return new Map(
    objects.map(({ node, kind, schema, names: [name = ''] }) => [
      node,
      `${kind.toLowerCase()} ${schema === null ? shownName(name) : shownName(schema, name)}`,
    ]),
  )
}

const SCHEMA_OBJECTS: Partial<Record<ExcludableKind, readonly [catalogue: string, prefix: string, more?: string]>> = {
  OPERATOR: ['pg_operator', 'opr'],
  'OPERATOR CLASS': ['pg_opclass', 'opc'],
  'OPERATOR FAMILY': ['pg_opfamily', 'opf'],
  DOMAIN: ['pg_type', 'typ', `o.typtype = 'd'`],
  TYPE: [
    'pg_type',
    'typ',
    `o.typtype IN ('b', 'c', 'e', 'r') AND NOT EXISTS (SELECT FROM pg_catalog.pg_type AS e WHERE e.typarray = o.oid)
       AND (o.typrelid = 0 OR EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = o.typrelid AND c.relkind = 'c'))`,
  ],
  COLLATION: ['pg_collation', 'coll'],
  CONVERSION: ['pg_conversion', 'con'],
  'TEXT SEARCH CONFIGURATION': ['pg_ts_config', 'cfg'],
  'TEXT SEARCH DICTIONARY': ['pg_ts_dict', 'dict'],
  'TEXT SEARCH PARSER': ['pg_ts_parser', 'prs'],
  'TEXT SEARCH TEMPLATE': ['pg_ts_template', 'tmpl'],
}

const TABLE_OBJECTS: Partial<
  Record<ExcludableKind, readonly [catalogue: string, name: string, table: string, more: string]>
> = {
  TRIGGER: ['pg_trigger', 'tgname', 'tgrelid', 'NOT o.tgisinternal'],
  RULE: ['pg_rewrite', 'rulename', 'ev_class', `o.rulename <> '_RETURN'`],
  POLICY: ['pg_policy', 'polname', 'polrelid', 'true'],
  'FK CONSTRAINT': ['pg_constraint', 'conname', 'conrelid', `o.contype = 'f'`],
}

const OTHER_OBJECTS: Partial<Record<ExcludableKind, readonly [catalogue: string, name: string, since?: number]>> = {
  EXTENSION: ['pg_extension', 'extname'],
  PUBLICATION: ['pg_publication', 'pubname', 100_000],
  'EVENT TRIGGER': ['pg_event_trigger', 'evtname'],
  'FOREIGN DATA WRAPPER': ['pg_foreign_data_wrapper', 'fdwname'],
  SERVER: ['pg_foreign_server', 'srvname'],
  'PROCEDURAL LANGUAGE': ['pg_language', 'lanname'],
  'ACCESS METHOD': ['pg_am', 'amname', 90_600],
}

/** Types as `format_type` writes them, which is how pg_dump does. */
const CAST = `pg_catalog.format_type(o.castsource, NULL) || ' AS ' || pg_catalog.format_type(o.casttarget, NULL)`
const TRANSFORM = `'FOR ' || pg_catalog.format_type(o.trftype, NULL) || ' LANGUAGE ' ||
  (SELECT l.lanname FROM pg_catalog.pg_language AS l WHERE l.oid = o.trflang)`
const IN_SCHEMA = 'JOIN pg_catalog.pg_namespace AS n ON n.oid ='

/** null where the server’s version has no such objects, or they have no names. */
function queryOf(kind: ExcludableKind, version: number): string | null {
  const inSchema = SCHEMA_OBJECTS[kind]
  if (inSchema !== undefined) {
    const [catalogue, prefix, more = 'true'] = inSchema
    const columns = { schema: 'n.nspname', name: `o.${prefix}name` }
    const rest = `${IN_SCHEMA} o.${prefix}namespace WHERE ${USER_SCHEMA} AND ${ownOf(catalogue)} AND ${more}`
    return select(kind, catalogue, columns, rest)
  }
  const ofTable = TABLE_OBJECTS[kind]
  if (ofTable !== undefined) {
    const [catalogue, name, table, more] = ofTable
    const columns = { schema: 'n.nspname', table: 'c.relname', name: `o.${name}` }
    const rest = `JOIN pg_catalog.pg_class AS c ON c.oid = o.${table} ${IN_SCHEMA} c.relnamespace WHERE ${USER_SCHEMA} AND ${more}`
    return select(kind, catalogue, columns, rest)
  }
  const other = OTHER_OBJECTS[kind]
  if (other !== undefined) {
    const [catalogue, name, since = 0] = other
    return version < since ? null : select(kind, catalogue, { name: `o.${name}` }, `WHERE ${ownOf(catalogue)}`)
  }
  switch (kind) {
    case 'FUNCTION':
    case 'PROCEDURE':
    case 'AGGREGATE':
      return functions(kind, version)
    case 'CAST':
      return select(kind, 'pg_cast', { name: CAST }, `WHERE ${ownOf('pg_cast')}`)
    case 'TRANSFORM':
      return select(kind, 'pg_transform', { name: TRANSFORM }, `WHERE ${ownOf('pg_transform')}`)
    case 'USER MAPPING':
      // The view may be read by everybody.
      return select(kind, 'pg_user_mappings', { name: `o.usename || ' SERVER ' || o.srvname`, oid: 'o.umid' }, '')
    default:
      return null
  }
}

function ownOf(catalogue: string): string {
  return `o.oid >= ${FIRST_USER_OID} AND ${notOfExtension(catalogue, 'o.oid')}`
}

function select(
  kind: string,
  catalogue: string,
  columns: {
    readonly schema?: string
    readonly table?: string
    readonly name: string
    readonly signature?: string
    readonly oid?: string
  },
  rest: string,
): string {
  const { schema = 'NULL', table = 'NULL', name, signature = `''`, oid = 'o.oid' } = columns
  const letters: Readonly<Record<string, string>> = { pg_type: `'t'`, pg_proc: `'p'` }
  const letter =
    letters[catalogue] ?? `'o' || 'pg_catalog.${catalogue}'::pg_catalog.regclass::pg_catalog.oid::text || '.'`
  return `SELECT '${kind}' AS kind, ${letter} || ${oid}::text AS node, ${schema}::text AS schema, ${table}::text AS table,
                 (${name})::text AS name, ${signature} AS signature FROM pg_catalog.${catalogue} AS o ${rest}`
}

/** As pg_dump writes them: an aggregate of anything has a star. */
function functions(kind: 'FUNCTION' | 'PROCEDURE' | 'AGGREGATE', version: number): string | null {
  // Before 11 there are no procedures, and no column that tells them.
  if (kind === 'PROCEDURE' && version < 110_000) return null
  const prokind = { FUNCTION: "IN ('f', 'w')", PROCEDURE: "= 'p'", AGGREGATE: "= 'a'" }[kind]
  const isOfKind = version >= 110_000 ? `o.prokind ${prokind}` : `o.proisagg = ${kind === 'AGGREGATE'}`
  const none = kind === 'AGGREGATE' ? '*' : ''
  const signature = `'(' || COALESCE(NULLIF(pg_catalog.oidvectortypes(o.proargtypes), ''), '${none}') || ')'`
  return select(
    kind,
    'pg_proc',
    { schema: 'n.nspname', name: 'o.proname', signature },
    `${IN_SCHEMA} o.pronamespace WHERE ${USER_SCHEMA} AND ${ownOf('pg_proc')} AND ${isOfKind}`,
  )
}
