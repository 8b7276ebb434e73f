import type { StreamedTable } from '../../core/ledger/stream.ts'
import { SampanError } from '../../core/runtime/errors.ts'
import type { Key, Operation, WholeRow } from '../../core/stream/fold.ts'
import type { Message, Row } from '../../core/stream/pgoutput.ts'

/** A message that changes rows. */
export type Change = Extract<Message, { readonly kind: 'insert' | 'update' | 'delete' | 'truncate' }>

/** Makes operations of the stream's changes, and stops at the first that is not of the tables as they were planned. */
export class Translator {
  readonly #tables: ReadonlyMap<number, StreamedTable>
  readonly #places: ReadonlyMap<number, readonly number[]>
  readonly #keyless: ReadonlySet<number>

  constructor(tables: readonly StreamedTable[]) {
    this.#tables = new Map(tables.map((table) => [table.oid, table]))
    this.#places = new Map(
      tables.flatMap(({ oid, columns, key }) =>
        key === null ? [] : [[oid, key.map((name) => columns.findIndex((one) => one.name === name))]],
      ),
    )
    this.#keyless = new Set(tables.flatMap(({ oid, key }) => (key === null ? [oid] : [])))
  }

  /** @throws SampanError FOLLOW_SCHEMA_CHANGED where a table is another one than its rows were copied of */
  check(relation: Extract<Message, { readonly kind: 'relation' }>): void {
    const table = this.#tables.get(relation.oid)
    // What was added to the publication by somebody else.
    if (table === undefined)
      throw schemaChanged(`${relation.schema}.${relation.name}`, 'it is not followed, and is published')
    const was = table.columns.map(({ name, type, modifier }) => `${name} ${type} ${modifier}`)
    const is = relation.columns.map(({ name, type, modifier }) => `${name} ${type} ${modifier}`)
    const title = `${table.schema}.${table.name}`
    if (table.schema !== relation.schema || table.name !== relation.name)
      throw schemaChanged(title, `it is called ${relation.schema}.${relation.name}`)
    if (was.join('\n') !== is.join('\n')) throw schemaChanged(title, differences(table, relation.columns))
    const told = relation.columns.filter(({ inIdentity }) => inIdentity).map(({ name }) => name)
    if (!fits(table.key, relation.identity, told))
      throw schemaChanged(title, 'its replica identity or its key is another one')
  }

  translate(change: Change): Operation {
    if (change.kind === 'truncate')
      return { kind: 'truncate', tables: change.oids.filter((oid) => this.#tables.has(oid)) }
    const { oid: table } = change
    if (this.#keyless.has(table)) return this.#exchange(change)
    if (change.kind === 'insert') return { kind: 'insert', table, key: this.#key(table, change.row), row: change.row }
    if (change.kind === 'delete') return { kind: 'delete', table, key: this.#key(table, change.old) }
    const now = this.#key(table, change.row, change.old)
    const before = change.old === null ? now : this.#key(table, change.old)
    const moved = before.some((value, index) => value !== now[index])
    return { kind: moved ? 'move' : 'update', table, key: before, row: this.#withKey(table, change.row, now) }
  }

  /** Of whole rows; what is unchanged in TOAST is in the old one. */
  #exchange(change: Exclude<Change, { readonly kind: 'truncate' }>): Operation {
    const { oid: table } = change
    const old = change.kind === 'insert' ? null : change.old
    if (change.kind !== 'insert' && old === null)
      throw schemaChanged(`table ${table}`, 'a change comes without its old row')
    const come = change.kind === 'delete' ? null : whole(table, change.row, old)
    return { kind: 'exchange', table, gone: old === null ? null : whole(table, old, null), come }
  }

  /** What is unchanged of a key in TOAST is in the old row alone. */
  #withKey(table: number, row: Row, key: Key): Row {
    const places = this.#places.get(table) ?? []
    if (places.every((place) => row[place] !== undefined)) return row
    return row.map((value, place) =>
      value === undefined && places.includes(place) ? key[places.indexOf(place)] : value,
    )
  }

  /** @param old has what is unchanged of a key in TOAST */
  #key(oid: number, row: Row, old: Row | null = null): Key {
    const places = this.#places.get(oid)
    if (places === undefined) throw schemaChanged(`table ${oid}`, 'its changes come before it was described')
    return places.map((place) => {
      const value = row[place] ?? old?.[place]
      if (value === undefined || value === null) throw schemaChanged(`table ${oid}`, 'a change comes without its key')
      return value
    })
  }
}

/** @param told the columns by which the stream tells which row it was */
function fits(key: StreamedTable['key'], identity: string, told: readonly string[]): boolean {
  if (key === null) return identity === 'f'
  if (!key.every((name) => told.includes(name))) return false
  return identity === 'f' || (/^[di]$/.test(identity) && told.length === key.length)
}

function whole(table: number, row: Row, old: Row | null): WholeRow {
  return row.map((value, index) => {
    const known = value === undefined ? old?.[index] : value
    if (known === undefined) throw schemaChanged(`table ${table}`, 'a change comes without the whole of its row')
    return known
  })
}

function differences(table: StreamedTable, columns: readonly { name: string }[]): string {
  const before = new Set(table.columns.map(({ name }) => name))
  const after = new Set(columns.map(({ name }) => name))
  const added = [...after].filter((name) => !before.has(name)).map((name) => `column ${name} was added`)
  const gone = [...before].filter((name) => !after.has(name)).map((name) => `column ${name} is gone`)
  const all = [...added, ...gone]
  return all.length === 0 ? 'a column has another type or place' : all.join(', ')
}

export function schemaChanged(title: string, what: string): SampanError {
  return new SampanError({
    code: 'FOLLOW_SCHEMA_CHANGED',
    message: `${title}: ${what} on the source since its rows were copied`,
    remedy:
      'no change of another form was applied: empty the destination database and begin a new run, and alter nothing on the source until the cutover',
  })
}
