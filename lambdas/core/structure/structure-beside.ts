/**
 * What a plan says beside the objects of schemas, an entry each for the structure's digest (structure-sql.ts): `kind, schema, name, content`.
 * Of the database as a whole, of large objects, of which there may be millions, and of rights on what is the server's or an extension's.
 */
export function structureBeside(): readonly string[] {
  return [DATABASE, LARGE_OBJECTS, rightsOnOthers()]
}

/** The kinds that are one entry for all: which one of many it is would be too much to keep. */
export const WHOLE_KINDS: ReadonlyMap<string, string> = new Map([
  ['comments', 'comments'],
  ['database', 'the database’s settings, rights or comment'],
  ['large objects', 'large objects (which there are, owners, rights or comments)'],
  ['rights on others', 'rights on what is the server’s or an extension’s'],
])

/**
 * Kinds that a plan reads in its own view by SQL alone: what changes behind that view makes no mixture of two moments, as it may with what
 * pg_dump prints by the server's functions.
 */
export const READ_IN_VIEW: ReadonlySet<string> = new Set(['database', 'large objects'])

const DATABASE = `SELECT 'database', NULL, 'all', pg_catalog.concat_ws(' ', d.datdba, d.datconnlimit, d.datacl::text,
            pg_catalog.quote_nullable((SELECT c.description FROM pg_catalog.pg_shdescription c WHERE c.classoid = d.tableoid AND c.objoid = d.oid)),
            (SELECT pg_catalog.string_agg(s::text, ',' ORDER BY s.setrole) FROM pg_catalog.pg_db_role_setting s WHERE s.setdatabase = d.oid))
       FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`

/**
 * Whether there are any, and a sum over those that a plan says something of: whose owner is another one than the account that makes them, and
 * those with rights or a comment.
 */
const LARGE_OBJECTS = `SELECT 'large objects', NULL, 'all', pg_catalog.concat_ws(' ',
            EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata),
            (SELECT pg_catalog.concat_ws(' ', pg_catalog.count(*), pg_catalog.sum(${hashOf('ROW(l.oid, l.lomowner, l.lomacl)')}))
               FROM pg_catalog.pg_largeobject_metadata l
              WHERE l.lomacl IS NOT NULL OR l.lomowner <> (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER)),
            (SELECT pg_catalog.concat_ws(' ', pg_catalog.count(*), pg_catalog.sum(${hashOf('ROW(d.objoid, d.description)')}))
               FROM pg_catalog.pg_description d WHERE d.classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass))`

function hashOf(row: string): string {
  return `('x' || pg_catalog.substr(pg_catalog.md5(${row}::text), 1, 16))::bit(64)::bigint`
}

/** pg_dump writes those that are others than such a thing was born with, the account's plan those of members. */
function rightsOnOthers(): string {
  const catalogues = [
    ['pg_class', 'relacl'],
    ['pg_proc', 'proacl'],
    ['pg_type', 'typacl'],
    ['pg_namespace', 'nspacl'],
    ['pg_language', 'lanacl'],
    ['pg_foreign_data_wrapper', 'fdwacl'],
    ['pg_foreign_server', 'srvacl'],
  ].map(
    ([catalogue, acl]) =>
      `SELECT o.tableoid AS class, o.oid, 0 AS part, o.${acl}::text AS acl FROM pg_catalog.${catalogue} o WHERE o.${acl} IS NOT NULL`,
  )
  const columns = `SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, a.attrelid, a.attnum, a.attacl::text
            FROM pg_catalog.pg_attribute a WHERE a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped`
  return `SELECT 'rights on others', NULL, 'all', pg_catalog.string_agg(o::text, ',' ORDER BY o.class, o.oid, o.part)
       FROM (${[...catalogues, columns].join(' UNION ALL ')}) o
      WHERE o.oid < 16384 OR (o.class, o.oid) IN (SELECT m.classid, m.objid FROM member m)`
}
