/** What pg_dump calls the objects that rights, owners and comments are of; the tag of such a one begins with it. */
const WITHIN_SCHEMA =
  /^(AGGREGATE|COLLATION|COLUMN|CONVERSION|DOMAIN|FOREIGN TABLE|FUNCTION|INDEX|MATERIALIZED VIEW|OPERATOR CLASS|OPERATOR FAMILY|OPERATOR|PROCEDURE|SEQUENCE|STATISTICS|TABLE|TEXT SEARCH [A-Z]+|TYPE|VIEW) (.+)$/s

/** Those named with their table, which has the schema. */
const ON_TABLE = /^((?:CONSTRAINT|POLICY|RULE|TRIGGER) .+ ON) (.+)$/s

/** How an object is named to people: with its schema; a right or comment by what it is on, such as `TABLE public.orders`. */
export function objectName({ kind, schema, name }: { kind: string; schema: string | null; name: string }): string {
  if (schema === null) return name
  const on = /^(ACL|COMMENT|OWNER|SECURITY LABEL)$/.test(kind)
    ? (WITHIN_SCHEMA.exec(name) ?? ON_TABLE.exec(name))
    : null
  return on === null ? `${schema}.${name}` : `${on[1]} ${schema}.${on[2]}`
}
