import { quoteLiteral } from '../postgres/identifiers.ts'

// What is written down of rows that came beside others, as texts that others put among statements of their own.

/** The statements by which rows of a chunk land beside others. */
export interface Landing {
  /** The INSERT. */
  readonly landing: string
  /** Reads the hash of each row that has arrived. */
  readonly arrived: string
  /** Reads hash, fate (`new`, `equal`, `different`, `out`) and place of each, for `$1` the transaction’s number as xid. */
  readonly met: string
}

/** Puts the rows into their table, and writes down what became of each; SP013 where rows of the source keep each other out. */
export function landSql(run: string, chunk: number, { landing, arrived, met }: Landing): string {
  const texts = [landing, arrived, met].map(quoteLiteral)
  return `SELECT sampan.land(${[quoteLiteral(run), chunk, ...texts].join(', ')})`
}

/** Reads the hashes of the rows that a run has brought into a table; with `equal` also of those that stood there the same. */
export function landedHashes(run: string, relation: number, which: 'inserted' | 'equal too'): string {
  const hashes = which === 'inserted' ? 'l.inserted_hashes' : 'l.inserted_hashes || l.equal_hashes'
  return `SELECT u.hash FROM sampan.landed l CROSS JOIN LATERAL pg_catalog.unnest(${hashes}) AS u(hash) WHERE ${ofRelation(run, relation)}`
}

/** Reads `rows, digest` of the rows that were kept out by other ones, as the source has them: one row. */
export function keptDifferent(run: string, relation: number): string {
  return `SELECT COALESCE(pg_catalog.sum(l.kept_different), 0), COALESCE(pg_catalog.sum(l.different_digest), 0) FROM sampan.landed l WHERE ${ofRelation(run, relation)}`
}

/** Fails (SP014) where deleting what `doomed` reads would take rows of others along. @param table as SQL */
export function requireUnreferredSql(table: string, doomed: string): string {
  return `SELECT sampan.require_unreferred(${quoteLiteral(table)}, ${quoteLiteral(doomed)})`
}

function ofRelation(run: string, relation: number): string {
  return `l.run OPERATOR(pg_catalog.=) ${quoteLiteral(run)} AND l.relation OPERATOR(pg_catalog.=) ${relation}::pg_catalog.oid`
}
