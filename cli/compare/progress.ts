import { performance } from 'node:perf_hooks'
import type { ArtefactStore } from '../../lambdas/core/cloud/artefact-store.ts'
import type { RowRange } from '../../lambdas/core/rows/range.ts'
import { parseJson } from '../../lambdas/core/runtime/parse-json.ts'
import { type ComparedDatabase, type ReadItem, type Unfinished, unfinishedSchema } from './document.ts'
import type { Table } from './prepare.ts'
import type { Item } from './read-ranges.ts'

/** Beside the report, so that the same command finds it. */
const UNFINISHED = 'comparison.unfinished.json'
/** What was read longer ago is read again: a comparison is of about one time. */
const GOOD_HOURS = 24
/** It is written whole each time. */
const WRITE_MILLISECONDS = 5_000

interface ItemName {
  readonly relation: { readonly oid: number }
  readonly number: number
}

const NONE: ReadonlyMap<string, ReadItem> = new Map()

/** Tells a range from the others of its database. */
export function itemKey({ relation, number }: ItemName): string {
  return `${relation.oid} ${number}`
}

/** Tells how far it is. */
export type Tell = (state: { readonly database: string; readonly bytesRead: number; readonly bytesAll: number }) => void

/**
 * How far a comparison is: kept in a document of the directory of --out, and nowhere in a database, so that one that was cut off goes on
 * where it was.
 */
export class Progress {
  readonly #store: ArtefactStore
  readonly #tell: Tell
  #state: Unfinished
  #written = performance.now()
  #writing: Promise<void> = Promise.resolve()
  readonly #items = new Map<string, Map<string, ReadItem>>()
  #bytes = { all: 0, read: 0 }

  private constructor(store: ArtefactStore, state: Unfinished, tell: Tell) {
    this.#store = store
    this.#state = state
    this.#tell = tell
    for (const item of state.items) this.#index(item)
  }

  /** @param anew whatever an earlier one of the same question has read is read again */
  static async open(store: ArtefactStore, question: string, anew: boolean, tell: Tell): Promise<Progress> {
    const fresh = { question, began: new Date().toISOString(), databases: [], cuts: [], items: [] }
    const text = anew ? null : await store.read(UNFINISHED)
    const found = text === null ? null : unfinishedSchema.safeParse(parseJson(text))
    const isGood = found?.success && found.data.question === question && hoursSince(found.data.began) < GOOD_HOURS
    return new Progress(store, isGood ? found.data : fresh, tell)
  }

  get began(): string {
    return this.#state.began
  }

  /** True where an earlier one is gone on with. */
  get isContinued(): boolean {
    return this.#state.items.length > 0 || this.#state.databases.length > 0
  }

  get databases(): readonly ComparedDatabase[] {
    return this.#state.databases
  }

  cutsOf(database: string): ReadonlyMap<number, readonly RowRange[]> {
    return new Map(
      this.#state.cuts.flatMap((cut) => (cut.database === database ? [[cut.oid, cut.ranges] as const] : [])),
    )
  }

  plan(database: string, tables: readonly Table[]): void {
    const items = tables.flatMap((table) => table.items)
    const cuts = tables.flatMap(({ relation, items: all }) => {
      const ranges = all.map(({ range }) => ({
        ...range,
        kind: range.kind === 'tid' ? ('whole' as const) : range.kind,
      }))
      return ranges.length === 0 ? [] : [{ database, oid: relation.oid, ranges }]
    })
    this.#state = { ...this.#state, cuts }
    this.#bytes = {
      all: items.reduce((sum, { bytes }) => sum + bytes, 0),
      read: items.reduce((sum, item) => sum + (this.itemOf(database, item) === null ? 0 : item.bytes), 0),
    }
    this.#told(database)
  }

  itemOf(database: string, { relation, number }: ItemName): ReadItem | null {
    return this.itemsOf(database).get(itemKey({ relation, number })) ?? null
  }

  itemsOf(database: string): ReadonlyMap<string, ReadItem> {
    return this.#items.get(database) ?? NONE
  }

  /** Ranges have been read. */
  async read(results: readonly ReadItem[], items: readonly Item[]): Promise<void> {
    this.#state.items.push(...results)
    for (const result of results) this.#index(result)
    this.#bytes.read += items.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#told(results[0]?.database ?? '')
    if (performance.now() - this.#written > WRITE_MILLISECONDS) await this.keep()
  }

  /** What was read of the database is no longer so. */
  forget(database: string): void {
    this.#items.delete(database)
    this.#state = { ...this.#state, cuts: [], items: this.#state.items.filter((item) => item.database !== database) }
  }

  /** A database is at its end. */
  async ended(database: ComparedDatabase): Promise<void> {
    this.#state = { ...this.#state, databases: [...this.#state.databases, database], cuts: [], items: [] }
    await this.keep()
  }

  /** Writes down how far it is. */
  async keep(): Promise<void> {
    this.#written = performance.now()
    const text = JSON.stringify(this.#state)
    this.#writing = this.#writing.then(() => this.#store.write(UNFINISHED, text, 'application/json'))
    await this.#writing
  }

  /** It is at its end: the next one begins anew. */
  async finished(): Promise<void> {
    await this.#writing
    await this.#store.remove(UNFINISHED)
  }

  #index(item: ReadItem): void {
    const items = this.#items.get(item.database) ?? new Map()
    items.set(itemKey({ relation: item, number: item.number }), item)
    this.#items.set(item.database, items)
  }

  #told(database: string): void {
    this.#tell({ database, bytesRead: this.#bytes.read, bytesAll: this.#bytes.all })
  }
}

function hoursSince(time: string): number {
  return (Date.now() - Date.parse(time)) / 3_600_000
}
