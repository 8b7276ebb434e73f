import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fold, type Key, type Operation, type Step } from '../../../lambdas/core/stream/fold.ts'
import type { Row } from '../../../lambdas/core/stream/pgoutput.ts'

/** A table of two columns, a key and a long text, that is judged as a server would. */
class Table {
  readonly rows = new Map<string, Row>()

  static from(rows: Iterable<readonly [string, Row]>): Table {
    const table = new Table()
    for (const [key, row] of rows) table.rows.set(key, row)
    return table
  }

  remove(key: Key): void {
    if (!this.rows.delete(String(key[0]))) throw new Error('no row to delete')
  }

  insert(row: Row): void {
    if (this.rows.has(String(row[0]))) throw new Error('a row with this key is there')
    if (row.includes(undefined)) throw new Error('an insert brings every value')
    this.rows.set(String(row[0]), row)
  }

  change(key: Key, row: Row): void {
    const before = this.rows.get(String(key[0]))
    if (before === undefined) throw new Error('no row to update')
    this.rows.delete(String(key[0]))
    this.insert(row.map((value, index) => (value === undefined ? before[index] : value)))
  }

  apply(step: Step): void {
    if (step.kind === 'truncate') this.rows.clear()
    else if (step.kind === 'move') this.change(step.key, step.row)
    else if (step.kind === 'exchange') throw new Error('the table has a key')
    else {
      for (const key of step.deletes) this.remove(key)
      for (const row of step.updates.flat()) this.change([row[0] ?? null], row)
      for (const row of step.inserts) this.insert(row)
    }
  }
}

interface Wish {
  readonly kind: 'insert' | 'update' | 'move' | 'delete' | 'truncate'
  readonly key: number
  readonly to: number
  readonly text: string | undefined
}

/** What the source does of a wish: what its rows allow. */
function perform(source: Table, { kind, key, to, text }: Wish): Operation[] {
  const [from, target] = [String(key), String(to)]
  const there = source.rows.has(from)
  const table = 1
  if (kind === 'truncate') {
    source.rows.clear()
    return [{ kind, tables: [1] }]
  }
  if (kind === 'insert') {
    if (there) return []
    const row = [from, text ?? 'long']
    source.insert(row)
    return [{ kind, table, key: [from], row }]
  }
  if (!there) return []
  if (kind === 'delete') {
    source.remove([from])
    return [{ kind, table, key: [from] }]
  }
  const row = [kind === 'move' ? target : from, text]
  if (kind === 'move' && source.rows.has(target)) return []
  source.change([from], row)
  return [{ kind, table, key: [from], row }]
}

const wish: fc.Arbitrary<Wish> = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'update', 'update', 'delete', 'delete', 'move', 'truncate'),
  key: fc.nat(3),
  to: fc.nat(3),
  text: fc.option(fc.string(), { nil: undefined }),
})

test('what changes come to leaves the same rows as the changes, and touches each key once between two barriers', () => {
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 30 }), fc.subarray(['0', '1', '2', '3']), (wishes, keys) => {
      const begin = keys.map((key) => [key, [key, 'old']] as const)
      const [source, destination] = [Table.from(begin), Table.from(begin)]
      const operations = wishes.flatMap((one) => perform(source, one))
      const kept = structuredClone(operations)
      for (const step of fold(operations)) destination.apply(step)
      expect(destination.rows).toEqual(source.rows)
      expect(operations).toEqual(kept)
    }),
    { numRuns: 2_000 },
  )
})

test('changes of one key become one', () => {
  const row = (text: string | undefined): Row => ['1', text]
  const key = ['1']
  const of = (kind: 'insert' | 'update', text: string | undefined): Operation => ({
    kind,
    table: 1,
    key,
    row: row(text),
  })
  const gone: Operation = { kind: 'delete', table: 1, key }
  const net = (more: object) => [{ kind: 'net', table: 1, deletes: [], updates: [], inserts: [], ...more }]
  expect(fold([of('insert', 'a'), of('update', undefined)])).toEqual(net({ inserts: [row('a')] }))
  expect(fold([of('update', 'a'), of('update', undefined)])).toEqual(net({ updates: [[row('a')]] }))
  expect(fold([of('insert', 'a'), gone])).toEqual([])
  expect(fold([of('update', 'a'), gone])).toEqual(net({ deletes: [key] }))
  expect(fold([gone, of('insert', 'b')])).toEqual(net({ deletes: [key], inserts: [row('b')] }))
})

test('what contradicts itself is left to the destination to refuse', () => {
  const again: Operation = { kind: 'insert', table: 1, key: ['1'], row: ['1', 'a'] }
  expect(fold([again, again])).toHaveLength(2)
})

test('rows of a table without a key come and go in their number, whatever the order', () => {
  const change = fc.record({ gone: fc.option(fc.nat(3)), come: fc.option(fc.nat(3)), empties: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const there = new Map<string, number>()
      const add = (name: string, by: number) => there.set(name, (there.get(name) ?? 0) + by)
      const operations = changes.map(({ gone, come, empties }): Operation => {
        if (empties === 0) {
          there.clear()
          return { kind: 'truncate', tables: [1] }
        }
        if (gone !== null) add(String(gone), -1)
        if (come !== null) add(String(come), 1)
        const row = (value: number | null) => (value === null ? null : [String(value), null])
        return { kind: 'exchange', table: 1, gone: row(gone), come: row(come) }
      })
      const found = new Map<string, number>()
      for (const step of fold(operations)) {
        if (step.kind === 'truncate') found.clear()
        if (step.kind !== 'exchange') continue
        for (const { row, copies } of step.deletes) found.set(String(row[0]), -copies)
        for (const [name] of step.inserts) found.set(String(name), (found.get(String(name)) ?? 0) + 1)
      }
      const counted = (map: Map<string, number>) => [...map].filter(([, number]) => number !== 0).toSorted()
      expect(counted(found)).toEqual(counted(there))
    }),
  )
})
