import type { Client } from 'pg'

const pins = {
  // Every name comes out with its schema, and no operator or function of a user can stand in for PostgreSQL's.
  search_path: "''",
  row_security: 'off',
  extra_float_digits: '1',
  datestyle: "'ISO, YMD'",
  intervalstyle: 'postgres',
  timezone: 'UTC',
  bytea_output: 'hex',
  lc_monetary: "'C'",
  xmlbinary: 'base64',
  quote_all_identifiers: 'off',
  statement_timeout: '0',
} as const

/** Makes the session print every value the same way on every server. */
export async function pinSession(client: Client): Promise<void> {
  await client.query(
    Object.entries(pins)
      .map(([name, value]) => `SET ${name} = ${value}`)
      .join(';'),
  )
}

/** True in SQL for the schemas of users; Sampan's own ledger is not among them. */
export function isUserSchema(oid: string): string {
  return `${oid} IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'sampan'))`
}

/**
 * True in SQL for what was not made by an extension, nor by PostgreSQL along with something else (a range type brings
 * functions, a table brings a row type; the sequence of an identity column counts as an object).
 */
export function standsAlone(catalogue: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM pg_depend made WHERE made.classid = '${catalogue}'::regclass AND made.objid = ${oid} AND made.objsubid = 0
    AND (made.deptype = 'e' OR (made.deptype = 'i' AND made.classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_cast'::regclass))))`
}

/** The object's name as PostgreSQL itself spells it, never an object id. */
export function identity(catalogue: string, oid: string, column = '0'): string {
  return `(pg_identify_object('${catalogue}'::regclass, ${oid}, ${column})).identity`
}
