/** Pieces of catalogue queries that many checks share. Every session looks in pg_catalog alone (search_path is empty). */

/** A schema of the user, given the alias of pg_namespace. Sampan's own schema is not the user's. */
export const USER_SCHEMA = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> 'sampan'`

/** The object is no member of an extension: those come with it. */
export function notOfExtension(catalogue: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS member
    WHERE member.classid = 'pg_catalog.${catalogue}'::pg_catalog.regclass AND member.objid = ${oid} AND member.deptype = 'e')`
}

/** A name as a person reads it: quoted only where PostgreSQL would ask for it. */
export function shownName(...parts: readonly string[]): string {
  return parts.map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`)).join('.')
}
