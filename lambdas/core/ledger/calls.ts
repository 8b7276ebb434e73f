import { quoteLiteral } from '../postgres/identifiers.ts'

// Calls of the ledger's functions, as texts that others put among statements of their own.

/** Refuses all that follows where the run is sealed (SP001) or another start's (SP007). */
export function requireOpenSql(run: string): string {
  return `SELECT sampan.require_open(${quoteLiteral(run)})`
}

/** Until the transaction ends, what is named without a schema is found as on the source. */
export function sourcePathSql(run: string): string {
  return `SELECT sampan.use_source_path(${quoteLiteral(run)})`
}

/** Takes the source's path back: nothing is found without its schema but the server's own. */
export const OWN_PATH_SQL = `SELECT pg_catalog.set_config('search_path', '', true)`

/** Takes from an object that this transaction has made what the destination's default privileges gave it or took from it. */
export function plainRightsSql({
  kind,
  schema,
  name,
}: {
  readonly kind: string
  readonly schema: string | null
  readonly name: string
}): string {
  return `SELECT sampan.plain_rights(${[kind, schema, name].map(literalOrNull).join(', ')})`
}

/** What one grantee is to be seen to have on one object. */
export interface RequiredRights {
  /** As GRANT says it: TABLE, FUNCTION, … */
  readonly kind: string
  readonly target: string
  readonly column: string | null
  /** `null`: PUBLIC */
  readonly grantee: string | null
  readonly held: ReadonlySet<string>
  /** What he is not to have beside that. */
  readonly lacking: ReadonlySet<string>
}

/** Fails (SP006) where rights that were given or taken before have not taken effect: PostgreSQL only warns of it. */
export function requireRightsSql({ kind, target, column, grantee, held, lacking }: RequiredRights): string {
  const words = [kind, target, column, grantee].map(literalOrNull)
  return `SELECT sampan.require_rights(${[...words, arrayOf([...held]), arrayOf([...lacking])].join(', ')})`
}

/**
 * Fails (SP005) where a table's row security is not on, or a policy of it does not stand.
 * @param table as SQL
 */
export function requirePoliciesSql(table: string, policies: readonly string[]): string {
  return `SELECT sampan.require_policies(${quoteLiteral(table)}, ${arrayOf(policies)})`
}

/** A foreign key of a partitioned table, as SQL. */
export interface PartitionedKey {
  readonly table: string
  readonly name: string
  /** FOREIGN KEY … to the end. */
  readonly definition: string
}

/**
 * Promises the key of a large partitioned table, and writes down its parts, which are to be validated.
 * @param smallBytes a partition up to this size shares a part with others
 */
export function beginKeySql(
  run: string,
  object: number,
  { table, name, definition }: PartitionedKey,
  smallBytes: number,
): string {
  const texts = [run, table, name, definition].map(quoteLiteral)
  return `SELECT sampan.begin_key(${[texts[0], object, ...texts.slice(1), smallBytes].join(', ')})`
}

/** A constraint that is made NOT VALID. */
export interface UnheldConstraint {
  readonly kind: 'TABLE' | 'DOMAIN'
  /** The table or domain, as SQL. */
  readonly of: string
  /** Without quotes. */
  readonly name: string
  /** SQLSTATE of what rows did to it. */
  readonly code: string
}

/** Says in the object and in the run's story that rows do not hold the constraint; 0A000 for a foreign key of a partitioned table. */
export function noteNotValidSql(run: string, object: number, { kind, of, name, code }: UnheldConstraint): string {
  const texts = [kind, of, name, code].map(quoteLiteral)
  return `SELECT sampan.note_not_valid(${[quoteLiteral(run), object, ...texts].join(', ')})`
}

function arrayOf(texts: readonly string[]): string {
  return `ARRAY[${texts.map(quoteLiteral).join(', ')}]::text[]`
}

function literalOrNull(text: string | null): string {
  return text === null ? 'NULL' : quoteLiteral(text)
}
