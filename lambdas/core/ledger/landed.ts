import { quoteLiteral } from '../postgres/identifiers.ts'

// What is written down of rows that came beside others, as texts that others put among statements of their own.

/** Where rows of a chunk arrive, within its transaction: the ledger’s functions know it by this name. */
export const ARRIVALS = 'pg_temp.sampan_arrivals'

/** The statements by which rows of a chunk land beside others. */
export interface Landing {
  /** The table, as SQL. */
  readonly target: string
  /** The columns of the key by which rows are the same. */
  readonly key: readonly string[]
  /** The INSERT. */
  readonly landing: string
  /** Reads the hash of each row that has arrived. */
  readonly arrived: string
  /**
   * Reads hash and place of each, and of the row that stands under its key place, transaction (xid) and whether it is the same, for `$1` the
   * transaction’s own number.
   */
  readonly met: string
}

/**
 * Puts the rows of `ARRIVALS` into their table, and writes down what became of each; SP013 where rows of the source keep each other out, SP015 where the
 * key is gone.
 */
export function landSql(run: string, chunk: number, { target, key, landing, arrived, met }: Landing): string {
  const columns = `ARRAY[${key.map(quoteLiteral).join(', ')}]::pg_catalog.text[]`
  const texts = [landing, arrived, met].map(quoteLiteral)
  return `SELECT sampan.land(${[quoteLiteral(run), chunk, quoteLiteral(target), columns, ...texts].join(', ')})`
}

/** Reads the hashes of the rows that a run has brought into a table; with `equal` also of those that stood there the same. */
export function landedHashes(run: string, relation: number, which: 'inserted' | 'equal too'): string {
  const hashes = which === 'inserted' ? 'l.inserted_hashes' : 'l.inserted_hashes || l.equal_hashes'
  return `SELECT u.hash FROM sampan.landed l CROSS JOIN LATERAL pg_catalog.unnest(${hashes}) AS u(hash) WHERE ${ofRelation(run, relation)}`
}

/**
 * Reads `rows, digest, standing` of the rows that were kept out by other ones, as the source has them: one row. Under the keys of `standing` of them
 * there are rows of others.
 */
export function keptDifferent(run: string, relation: number): string {
  return `SELECT COALESCE(pg_catalog.sum(l.kept_different), 0), COALESCE(pg_catalog.sum(l.different_digest), 0), COALESCE(pg_catalog.sum(l.kept_different OPERATOR(pg_catalog.-) l.kept_out), 0) FROM sampan.landed l WHERE ${ofRelation(run, relation)}`
}

/** Fails (SP014) where deleting what `doomed` reads would take rows of others along. @param table as SQL */
export function requireUnreferredSql(table: string, doomed: string): string {
  return `SELECT sampan.require_unreferred(${quoteLiteral(table)}, ${quoteLiteral(doomed)})`
}

function ofRelation(run: string, relation: number): string {
  return `l.run OPERATOR(pg_catalog.=) ${quoteLiteral(run)} AND l.relation OPERATOR(pg_catalog.=) ${relation}::pg_catalog.oid`
}
