import { ARRIVALS, keptDifferent, landedHashes, landSql, requireUnreferredSql } from '../ledger/landed.ts'
import type { BesideColumn, Relation, RelationAtDestination } from '../ledger/relation.ts'
import { underPath } from '../postgres/search-path.ts'
import { type Cargo, type CopyServers, copyInto } from './cargo.ts'
import { type RowRange, rangeAtEnd } from './range.ts'
import { columnsOf, rowsOf, tableOf, whereOf } from './select.ts'

/**
 * Lets a chunk’s rows come beside those that stand there: into a temporary table first, and from there those whose key is not there yet. All of it is of
 * the chunk’s transaction: whoever is killed in it leaves neither rows nor receipt.
 */
export function besideCargo(
  cargo: Cargo,
  { destination, format }: Relation,
  key: readonly BesideColumn[],
  { run, chunk, servers }: { readonly run: string; readonly chunk: number; readonly servers: CopyServers },
): Cargo {
  const path = servers.destinationSearchPath ?? servers.searchPath
  const columns = columnsOf(destination)
  const arrivals = `CREATE TEMPORARY TABLE ${ARRIVALS} ON COMMIT DROP AS SELECT ${columns} FROM ${rowsOf(destination)} WITH NO DATA`
  const landing = landSql(run, chunk, {
    target: tableOf(destination),
    key: key.map(({ column }) => column),
    // COPY never minds GENERATED ALWAYS AS IDENTITY.
    landing: `INSERT INTO ${tableOf(destination)} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${ARRIVALS} ON CONFLICT DO NOTHING`,
    arrived: `SELECT ${digestOf(destination)} FROM ${ARRIVALS}`,
    met: metSql(destination, key),
  })
  return {
    ...cargo,
    copyIn: underPath(path, `${arrivals}; ${copyInto(`${ARRIVALS} (${columns})`, format, servers)}`),
    afterwards: underPath(path, `${landing}; DROP TABLE ${ARRIVALS}`),
  }
}

/**
 * What each row that has arrived meets. What stands under its key is the same where it is so to the byte, whatever its type’s own equality: `*=`.
 * Under names of our own: a column may have any.
 */
function metSql(end: RelationAtDestination, key: readonly BesideColumn[]): string {
  const columns = columnsOf(end)
  const names = end.columns.map((_, at) => `c${at}`)
  const named = (prefix: string) => names.map((name) => `${prefix}.${name}`).join(', ')
  const same = key.map(({ column, equals }) => {
    const name = names[end.columns.indexOf(column)]
    return `a.${name} ${equals} d.${name}`
  })
  return `SELECT a.hash, a.came, d.place, d.born,
    CASE WHEN d.born OPERATOR(pg_catalog.=) $1 THEN true ELSE ROW(${named('a')})::record OPERATOR(pg_catalog.*=) ROW(${named('d')})::record END
  FROM (SELECT ${digestOf(end)}, ctid, ${columns} FROM ${ARRIVALS}) AS a(hash, came, ${names.join(', ')})
  LEFT JOIN (SELECT ctid, xmin, ${columns} FROM ${rowsOf(end)}) AS d(place, born, ${names.join(', ')}) ON ${same.join(' AND ')}`
}

/**
 * Count and digest of the source’s rows as the destination has them in a range, beside others: those that are found again, and with the first range
 * those that other rows have kept out. A query of one row of three texts: `rows, digest, others`; `others` of all ranges together is what it says.
 */
export function besideDigest(end: RelationAtDestination, run: string, relation: number, range: RowRange): string {
  const of = `FROM ${rowsOf(end)}${whereOf({ where: null }, ...rangeAtEnd(range))}`
  const hashed = `(SELECT ${digestOf(end)} ${of}) AS d(hash)`
  const kept = range.lower === null ? keptDifferent(run, relation) : 'SELECT 0, 0, 0'
  const found = `SELECT pg_catalog.count(*), COALESCE(pg_catalog.sum(d.hash), 0) FROM ${hashed} WHERE d.hash IN (${landedHashes(run, relation, 'equal too')})`
  return `SELECT (found.rows + kept.rows)::text, (found.digest + kept.digest)::text,
       ((SELECT pg_catalog.count(*) ${of}) - found.rows - kept.standing)::text
  FROM (${found}) AS found(rows, digest), (${kept}) AS kept(rows, digest, standing)`
}

/** Takes the run’s own rows from a table in which others stand: no row that it has met there, and none of others along with its own. */
export function withdrawingSql(end: RelationAtDestination, run: string, relation: number): readonly string[] {
  const own = `FROM ${rowsOf(end)} WHERE ${digestOf(end)} IN (${landedHashes(run, relation, 'inserted')})`
  return [requireUnreferredSql(tableOf(end), `SELECT tableoid, ctid, * ${own}`), `DELETE ${own}`]
}

function digestOf({ digestSql, name }: RelationAtDestination): string {
  if (digestSql === null) throw new TypeError(`rows of ${name} are to come beside others, and have no digest`)
  return `(${digestSql})`
}
