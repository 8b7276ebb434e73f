import type { Relation } from '../../lambdas/core/ledger/relation.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import { askUnderPath, type SearchPath } from '../../lambdas/core/postgres/search-path.ts'
import { TID_RANGES } from '../../lambdas/core/postgres/tid-ranges.ts'
import { inOneFlight, inTransaction } from '../../lambdas/core/postgres/transaction.ts'
import { type DigestOptions, digestAtEnd } from '../../lambdas/core/rows/digest.ts'
import { keyRangeAt, type RowRange } from '../../lambdas/core/rows/range.ts'
import { tableOf } from '../../lambdas/core/rows/select.ts'
import { together } from '../../lambdas/stages/validate/digest-sql.ts'
import type { Pacing } from './pacing.ts'

/** A range of a table, to be read at both ends. */
export interface Item {
  readonly relation: Relation
  readonly number: number
  readonly range: RowRange
  /** About so many on the source. */
  readonly bytes: number
}

/** Count and digest, the server's own text. */
export interface Sum {
  readonly rows: string
  readonly digest: string | null
}

export interface Reading extends DigestOptions {
  readonly searchPath: SearchPath
}

/**
 * Count and digest of several ranges at one end, in one snapshot and one round trip.
 * @param session a pipelined one, whose transactions read one view
 */
export async function readTogether(
  session: Session,
  items: readonly Item[],
  options: Reading,
): Promise<readonly Sum[]> {
  const reads = items.map(({ relation, range }, id) => {
    return { id, read: digestAtEnd(relation[session.side], keyRangeAt(relation, range, session.side), options) }
  })
  let answers: readonly (Sum & { readonly id: number })[] = []
  await inOneFlight(session, () => [
    askUnderPath(
      session,
      options.searchPath,
      () => session.rows<Sum & { readonly id: number }>(together(reads)),
      'pipelined',
    ).then((rows) => {
      answers = rows
    }),
  ])
  const byId = new Map(answers.map((answer) => [answer.id, answer]))
  return items.map((_, id) => byId.get(id) ?? { rows: '0', digest: null })
}

/** Whether a table is read in parts of its pages, which are all of one snapshot: a rate is kept to between them. */
export function isReadByPages({ relation, range }: Item, rangeBytes: number, session: Session): boolean {
  const large = range.kind === 'whole' && relation.bytes > rangeBytes
  return large && relation.pages > 0 && !relation.source.tree && session.serverVersion >= TID_RANGES
}

/** A whole table at one end by parts of its pages, all in one snapshot. */
export async function readByPages(
  session: Session,
  { relation }: Item,
  options: Reading & { readonly rangeBytes: number; readonly pacing: Pacing | null },
): Promise<Sum> {
  const end = relation[session.side]
  return inTransaction(session, async () => {
    await session.execute(`SET LOCAL search_path = ${options.searchPath}`)
    const [size] = await session.rows<{ bytes: number; pages: number }>(
      `SELECT (pg_catalog.pg_relation_size(c.oid) + COALESCE(pg_catalog.pg_relation_size(c.reltoastrelid), 0))::float8 AS bytes,
              (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint)::float8 AS pages
         FROM pg_catalog.pg_class c WHERE c.oid = $1::text::pg_catalog.regclass`,
      [tableOf(end)],
    )
    const { bytes, pages } = size ?? { bytes: 0, pages: 0 }
    const parts = Math.max(1, Math.min(pages, Math.ceil(bytes / options.rangeBytes)))
    const bound = (part: number) => String(Math.floor((pages / parts) * part))
    let rows = 0n
    let digest: bigint | null = 0n
    for (let part = 0; part < parts; part += 1) {
      const [lower, upper] = [part === 0 ? null : bound(part), part === parts - 1 ? null : bound(part + 1)]
      const [sum] = await session.rows<{ count: string; digest: string | null }>(
        `SELECT part.rows AS count, part.digest FROM (${digestAtEnd(end, { kind: 'tid', lower, upper, keyColumn: null }, options)}) AS part(rows, digest)`,
      )
      rows += BigInt(sum?.count ?? 0)
      digest = digest === null || sum === undefined || sum.digest === null ? null : digest + BigInt(sum.digest)
      await options.pacing?.passed({ rows: Number(sum?.count ?? 0), bytes: bytes / parts, queries: 1 })
    }
    return { rows: rows.toString(), digest: digest?.toString() ?? null }
  })
}
