import type { Row, Value } from './pgoutput.ts'

/** The values of a table's key, in the order of its columns. */
export type Key = readonly (string | null)[]

/** A change of the stream, with its table's key told apart. `key` is the one that the row had before. */
export type Operation =
  | { readonly kind: 'insert'; readonly table: number; readonly key: Key; readonly row: Row }
  | { readonly kind: 'update'; readonly table: number; readonly key: Key; readonly row: Row }
  | { readonly kind: 'move'; readonly table: number; readonly key: Key; readonly row: Row }
  | { readonly kind: 'delete'; readonly table: number; readonly key: Key }
  /** Of a table without a key: which row goes and which comes, each with all its values; `null`: none. */
  | {
      readonly kind: 'exchange'
      readonly table: number
      readonly gone: WholeRow | null
      readonly come: WholeRow | null
    }
  | { readonly kind: 'truncate'; readonly tables: readonly number[] }

export type WholeRow = readonly (string | null)[]

/** What a table's rows come to: no key is in two of the lists but in `deletes` and `inserts`, and these come in this order. */
export interface NetEffect {
  readonly kind: 'net'
  readonly table: number
  readonly deletes: readonly Key[]
  /** Rows whose unchanged values are the same columns: each list is one statement. */
  readonly updates: readonly (readonly Row[])[]
  readonly inserts: readonly Row[]
}

/** What the rows of a table without a key come to: equal rows are one another's like, so that only their number counts. */
export interface Exchange {
  readonly kind: 'exchange'
  readonly table: number
  readonly deletes: readonly { readonly row: WholeRow; readonly copies: number }[]
  readonly inserts: readonly WholeRow[]
}

export type Step = NetEffect | Exchange | Extract<Operation, { readonly kind: 'move' | 'truncate' }>

/** What is known of a key within a fold. */
interface Standing {
  readonly key: Key
  /** A row of this key was there before the first change. */
  readonly wasThere: boolean
  /** The row that was there has gone: what is there now is another one. */
  replaced: boolean
  /** What is there now; `null`: nothing. */
  row: Row | null
}

type Open = Map<string, Standing>
/** How many rows of each content come; below zero: go. */
type Counts = Map<string, { readonly row: WholeRow; copies: number }>

/**
 * What many changes come to, in an order in which they can be applied: the net effect per key of each table. A row that gets
 * another key ends a table's fold, since TOAST that was not sent goes with it; so does a TRUNCATE, and what contradicts itself, which
 * the destination is to judge. Rows of tables without a key are exchanged, all at once. The operations are left as they are: they may have to be applied one by one.
 */
export function fold(operations: readonly Operation[]): readonly Step[] {
  const steps: Step[] = []
  const tables = new Map<number, Open>()
  const keyless = new Map<number, Counts>()
  const close = (table: number) => {
    const open = tables.get(table)
    if (open !== undefined) steps.push(...netEffect(table, open))
    tables.delete(table)
  }
  for (const operation of operations) {
    if (operation.kind === 'truncate') {
      // Whatever was done to these rows, none is left.
      for (const table of operation.tables) {
        tables.delete(table)
        keyless.delete(table)
      }
      steps.push(operation)
    } else if (operation.kind === 'exchange') {
      const counts = keyless.get(operation.table) ?? new Map()
      keyless.set(operation.table, counts)
      count(counts, operation.gone, -1)
      count(counts, operation.come, 1)
    } else if (operation.kind === 'move') {
      close(operation.table)
      steps.push(operation)
    } else {
      if (contradicts(tables.get(operation.table), operation)) close(operation.table)
      const open = tables.get(operation.table) ?? new Map()
      tables.set(operation.table, open)
      take(open, operation)
    }
  }
  for (const table of [...tables.keys()]) close(table)
  for (const [table, counts] of keyless) steps.push(...exchangeOf(table, counts))
  return steps
}

function count(counts: Counts, row: WholeRow | null, by: number): void {
  if (row === null) return
  const name = nameOf(row)
  const known = counts.get(name)
  if (known === undefined) counts.set(name, { row, copies: by })
  else known.copies += by
}

function exchangeOf(table: number, counts: Counts): readonly Exchange[] {
  const all = [...counts.values()]
  const deletes = all.flatMap(({ row, copies }) => (copies < 0 ? [{ row, copies: -copies }] : []))
  const inserts = all.flatMap(({ row, copies }) => Array.from({ length: Math.max(0, copies) }, () => row))
  return deletes.length + inserts.length === 0 ? [] : [{ kind: 'exchange', table, deletes, inserts }]
}

type OfRow = Extract<Operation, { readonly kind: 'insert' | 'update' | 'delete' }>

function contradicts(open: Open | undefined, { kind, key }: OfRow): boolean {
  const standing = open?.get(nameOf(key))
  return standing !== undefined && (kind === 'insert') === (standing.row !== null)
}

function take(open: Open, operation: OfRow): void {
  const name = nameOf(operation.key)
  const standing = open.get(name)
  const row = operation.kind === 'delete' ? null : operation.row
  if (standing === undefined) {
    open.set(name, { key: operation.key, wasThere: operation.kind !== 'insert', replaced: false, row })
  } else if (operation.kind === 'insert') {
    standing.replaced = standing.wasThere
    standing.row = row
  } else {
    standing.row = row === null ? null : merged(standing.row ?? [], row)
  }
}

/** What was not sent is what an earlier change has sent. */
function merged(before: Row, after: Row): Row {
  return after.map((value, index) => (value === undefined ? before[index] : value))
}

function netEffect(table: number, open: Open): readonly NetEffect[] {
  const all = [...open.values()]
  const deletes = all.filter(({ wasThere, replaced, row }) => wasThere && (replaced || row === null))
  const inserted = all.flatMap(({ wasThere, replaced, row }) => ((!wasThere || replaced) && row !== null ? [row] : []))
  const updated = all.flatMap(({ wasThere, replaced, row }) => (wasThere && !replaced && row !== null ? [row] : []))
  if (deletes.length + inserted.length + updated.length === 0) return []
  return [
    {
      kind: 'net',
      table,
      deletes: deletes.map(({ key }) => key),
      updates: [...Map.groupBy(updated, unchangedOf).values()],
      inserts: inserted,
    },
  ]
}

const unchangedOf = (row: Row) => row.flatMap((value: Value, index) => (value === undefined ? [index] : [])).join()

const nameOf = (key: Key) => JSON.stringify(key)
