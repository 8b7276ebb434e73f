import { setTimeout as sleep } from 'node:timers/promises'
import type { Relation } from '../../lambdas/core/ledger/relation.ts'
import type { Session } from '../../lambdas/core/postgres/connect.ts'
import type { SearchPath } from '../../lambdas/core/postgres/search-path.ts'
import { inTransaction } from '../../lambdas/core/postgres/transaction.ts'
import { placeQuery, type RowHashes, rowHashes } from '../../lambdas/core/rows/row-hashes.ts'
import type { DifferentRow } from '../../lambdas/stages/validate/drill-down/compare-rows.ts'
import {
  both,
  type FoundDifferences,
  findDifferences,
  type KeyOf,
  readKey,
} from '../../lambdas/stages/validate/drill-down/drill-down.ts'
import type { ComparedRow } from './document.ts'
import type { Ends } from './ends.ts'
import type { Question } from './question.ts'
import type { Item } from './read-ranges.ts'
import type { Tools } from './tools.ts'

/** What two looks into a range that differs came to. */
export interface Looked {
  readonly missing: number
  readonly surplus: number
  readonly different: number
  readonly complete: boolean
  /** Rows that differed at the first look and not at the second. */
  readonly underWay: number
  readonly rows: readonly ComparedRow[]
}

/** Hashes of differing rows that are held from one look to the next. */
const MOST_KNOWN = 200_000

/**
 * Looks into ranges that differ, twice each: a row that somebody has just written on one side may still be under way to the other. Told
 * is what differs at both looks, as it is at the second.
 */
export async function lookTwice(
  ends: Ends,
  items: readonly (Item & { readonly rows: number })[],
  path: SearchPath,
  { question, pacing, signal }: Pick<Tools, 'question' | 'pacing' | 'signal'>,
): Promise<readonly Looked[]> {
  // A range is read once more by each look, most of it at least.
  const paced = async <Result>({ rows, bytes }: Item & { readonly rows: number }, body: () => Promise<Result>) => {
    await pacing.wait(pacing.closedFor)
    const result = await body()
    await pacing.passed({ rows, bytes, queries: 1 })
    return result
  }
  const first: { readonly keyOf: KeyOf; readonly found: FoundDifferences }[] = []
  for (const item of items) {
    const keyOf = await readKey(ends.source, item.relation)
    const found = await paced(item, () =>
      inOneView(ends, path, () => findDifferences(ends, item.relation, lookAt(item, keyOf))),
    )
    first.push({ keyOf, found })
  }
  if (first.some(({ found }) => isAny(found))) await sleep(question.settle * 1000, undefined, { signal })
  const looked: Looked[] = []
  for (const [at, item] of items.entries()) {
    const before = first[at]
    looked.push(
      before !== undefined && isAny(before.found)
        ? await paced(item, () => lookAgain(ends, item, question, path, before))
        : NOTHING,
    )
  }
  return looked
}

const NOTHING: Looked = { missing: 0, surplus: 0, different: 0, complete: true, underWay: 0, rows: [] }

const isAny = ({ missing, surplus, different }: FoundDifferences) => missing + surplus + different > 0

function lookAt({ range, rows }: Item & { readonly rows: number }, keyOf: KeyOf) {
  return { keyOf, rows, mostRows: MOST_KNOWN, ...(range.kind === 'key' ? { range } : {}) }
}

async function lookAgain(
  ends: Ends,
  item: Item & { readonly rows: number },
  question: Question,
  path: SearchPath,
  { keyOf, found: before }: { readonly keyOf: KeyOf; readonly found: FoundDifferences },
): Promise<Looked> {
  return inOneView(ends, path, async () => {
    const now = await findDifferences(ends, item.relation, lookAt(item, keyOf))
    // Of more rows than can be held none is known to have been there before: all of them count.
    if (!now.complete || !before.complete || total(now) > now.rows.length || total(before) > before.rows.length) {
      const rows = await describe(ends, item.relation, keyOf, now.rows.slice(0, question.mostRows), question.values)
      return { ...now, underWay: 0, rows }
    }
    const known = new Set(before.rows.map(({ key }) => key))
    const told = now.rows.filter(({ key }) => known.has(key))
    const count = (kind: DifferentRow['kind']) => told.filter((row) => row.kind === kind).length
    return {
      missing: count('missing'),
      surplus: count('surplus'),
      different: count('different'),
      complete: true,
      underWay: new Set([...known, ...now.rows.map(({ key }) => key)]).size - new Set(told.map(({ key }) => key)).size,
      rows: await describe(ends, item.relation, keyOf, told.slice(0, question.mostRows), question.values),
    }
  })
}

const total = ({ missing, surplus, different }: FoundDifferences) => missing + surplus + different

/** Both ends in one view each, under the source's search path. */
async function inOneView<Result>(ends: Ends, path: SearchPath, body: () => Promise<Result>): Promise<Result> {
  return inTransaction(ends.source, () =>
    inTransaction(ends.destination, async () => {
      await both(ends, (session) => session.execute(`SET LOCAL search_path = ${path}`))
      return body()
    }),
  )
}

type Cells = Readonly<Record<string, string | null>>

/** The keys of rows, and what they hold where that is asked for. Columns have the source's names. */
async function describe(
  ends: Ends,
  relation: Relation,
  keyOf: KeyOf,
  rows: readonly DifferentRow[],
  values: boolean,
): Promise<ComparedRow[]> {
  const keys = keyOf(relation.source)
  // Rows of which nothing is compared are all alike.
  if (keys.length === 0 && relation.source.digestSql === null) return []
  const names = values ? relation.source.columns : keys
  const version = Math.min(ends.source.serverVersion, ends.destination.serverVersion)
  const [here, there] = await both(ends, async (session) =>
    names.length === 0
      ? new Map<string, Cells>()
      : readCells(
          session,
          relation,
          rowHashes(relation[session.side], keyOf(relation[session.side]), version),
          rows,
          names,
        ),
  )
  return rows.map(({ kind, key, source, destination }) => {
    const [left, right] = [here.get(`${source} ${key}`) ?? null, there.get(`${destination} ${key}`) ?? null]
    const only = kind === 'different' ? names.filter((name) => left?.[name] !== right?.[name]) : names
    return {
      kind,
      key: keys.length === 0 ? null : picked(left ?? right ?? {}, keys),
      sourcePlace: source,
      destinationPlace: destination,
      sourceValues: values && left !== null ? picked(left, only) : null,
      destinationValues: values && right !== null ? picked(right, only) : null,
    }
  })
}

const picked = (cells: Cells, names: readonly string[]): Record<string, string | null> =>
  Object.fromEntries(names.map((name) => [name, cells[name] ?? null]))

/** By place and hash of the key. */
async function readCells(
  session: Session,
  relation: Relation,
  hashes: RowHashes,
  rows: readonly DifferentRow[],
  names: readonly string[],
): Promise<Map<string, Cells>> {
  const end = relation[session.side]
  const columns = names.map((name) => end.columns[relation.source.columns.indexOf(name)] ?? name)
  const places = rows.map((row) => row[session.side]).filter((place) => place !== null)
  const found = await session.rows<{ place: string; key: string; values: readonly (string | null)[] }>(
    placeQuery(end, hashes, columns),
    [places],
  )
  return new Map(
    found.map(({ place, key, values }) => [
      `${place} ${key}`,
      Object.fromEntries(names.map((name, at) => [name, values[at] ?? null])),
    ]),
  )
}
