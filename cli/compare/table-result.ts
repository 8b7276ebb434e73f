import { titleOf } from '../../lambdas/core/ledger/relation.ts'
import type { ComparedTable, ReadItem } from './document.ts'
import type { Looked } from './look.ts'
import { type Table, whyNot } from './prepare.ts'
import { itemKey } from './progress.ts'
import type { Question } from './question.ts'
import type { Item } from './read-ranges.ts'

/** What the ranges of a table come to, and the looks into those that differ. Pure. */
export function tableResult(
  { relation, standing, items }: Table,
  read: ReadonlyMap<string, ReadItem>,
  looked: ReadonlyMap<Item, Looked>,
  { mostRows }: Question,
): ComparedTable {
  const all = items.flatMap((item) => read.get(itemKey(item)) ?? [])
  const looks = items.flatMap((item) => (looked.has(item) ? [{ item, look: looked.get(item) as Looked }] : []))
  const sum = (of: (look: Looked) => number) => looks.reduce((total, { look }) => total + of(look), 0)
  const rows = (of: (item: ReadItem) => string) => all.reduce((total, item) => total + BigInt(of(item)), 0n).toString()
  const numbers = {
    missing: sum((look) => look.missing),
    surplus: sum((look) => look.surplus),
    different: sum((look) => look.different),
  }
  const count = numbers.missing + numbers.surplus + numbers.different
  const listed = looks.flatMap(({ look }) => look.rows).slice(0, mostRows)
  const why = whyNot({ relation, standing }) ?? all.find((item) => item.why !== null)?.why ?? null
  const { destination } = relation
  const there = `${destination.schema}.${destination.name}`
  return {
    table: titleOf(relation),
    destination: there === titleOf(relation) ? null : there,
    state: why !== null ? 'not compared' : count > 0 ? 'differs' : 'equal',
    why,
    sourceRows: rows(({ sourceRows }) => sourceRows),
    destinationRows: rows(({ destinationRows }) => destinationRows),
    ...numbers,
    complete: looks.every(({ look }) => look.complete),
    underWay: sum((look) => look.underWay),
    rows: listed,
    unlisted: count - listed.length,
    ranges: looks
      .filter(({ look }) => look.missing + look.surplus + look.different > 0)
      .map(({ item: { range } }) => ({ ...range, kind: range.kind === 'key' ? ('key' as const) : ('whole' as const) })),
  }
}
