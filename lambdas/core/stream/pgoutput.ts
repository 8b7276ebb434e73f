import { isUtf8 } from 'node:buffer'
import { SampanError } from '../runtime/errors.ts'
import type { Lsn } from './lsn.ts'

/** A value as the source's output function wrote it; `null` for NULL; `undefined` where it is in TOAST and was not changed. */
export type Value = string | null | undefined
export type Row = readonly Value[]

/** A column as the source had it when the change was made. */
export interface ColumnOfMessage {
  readonly name: string
  /** The type's OID on the source. */
  readonly type: number
  /** The type's modifier; -1 where it has none. */
  readonly modifier: number
  readonly inIdentity: boolean
}

/**
 * The messages of pgoutput, protocol version 1, that say something to whoever follows (PostgreSQL manual, "Logical Replication
 * Message Formats").
 */
export type Message =
  | { readonly kind: 'begin' }
  /** `end` is where the next transaction may begin. */
  | { readonly kind: 'commit'; readonly end: Lsn }
  | {
      readonly kind: 'relation'
      readonly oid: number
      readonly schema: string
      readonly name: string
      /** `d` the key, `i` an index, `f` whole rows, `n` nothing. */
      readonly identity: string
      readonly columns: readonly ColumnOfMessage[]
    }
  | { readonly kind: 'insert'; readonly oid: number; readonly row: Row }
  /** `old` is there where the identity changed, and always where it is whole rows. */
  | { readonly kind: 'update'; readonly oid: number; readonly old: Row | null; readonly row: Row }
  | { readonly kind: 'delete'; readonly oid: number; readonly old: Row }
  | { readonly kind: 'truncate'; readonly oids: readonly number[] }
  | { readonly kind: 'nothing' }

/** @throws SampanError FOLLOW_STREAM_UNREADABLE for what the protocol does not have */
export function readMessage(body: Buffer): Message {
  try {
    return new Reader(body).message()
  } catch (thrown) {
    if (thrown instanceof RangeError) throw unreadable('it ends in the middle of a message')
    throw thrown
  }
}

const REPLACEMENT = '\uFFFD'

class Reader {
  readonly #body: Buffer
  #at = 0

  constructor(body: Buffer) {
    this.#body = body
  }

  message(): Message {
    const type = this.#letter()
    switch (type) {
      case 'B':
        return { kind: 'begin' }
      case 'C':
        // Flags, and where the commit itself stands.
        this.#byte()
        this.#lsn()
        return { kind: 'commit', end: this.#lsn() }
      case 'R':
        return this.#relation()
      case 'I':
        return { kind: 'insert', oid: this.#oid(), row: this.#newRow(this.#letter()) }
      case 'U':
        return this.#update()
      case 'D':
        return { kind: 'delete', oid: this.#oid(), old: this.#oldRow(this.#letter()) }
      case 'T':
        return this.#truncate()
      // Types are told by name where a relation has them, origins where the source is a subscriber, messages if they are asked for.
      case 'Y':
      case 'O':
      case 'M':
        return { kind: 'nothing' }
      default:
        throw unreadable(`it has a message of the unknown kind ${JSON.stringify(type)}`)
    }
  }

  #relation(): Message {
    const oid = this.#oid()
    const schema = this.#name()
    const name = this.#name()
    const identity = this.#letter()
    const columns = Array.from({ length: this.#count() }, () => {
      const inIdentity = (this.#byte() & 1) === 1
      return { inIdentity, name: this.#name(), type: this.#oid(), modifier: this.#int32() }
    })
    // The server leaves the schema of its own catalogue out.
    return { kind: 'relation', oid, schema: schema === '' ? 'pg_catalog' : schema, name, identity, columns }
  }

  #update(): Message {
    const oid = this.#oid()
    const first = this.#letter()
    if (first === 'N') return { kind: 'update', oid, old: null, row: this.#newRow(first) }
    const old = this.#oldRow(first)
    return { kind: 'update', oid, old, row: this.#newRow(this.#letter()) }
  }

  #truncate(): Message {
    const count = this.#int32()
    // CASCADE has found its tables already; sequences are read at the cutover.
    this.#byte()
    return { kind: 'truncate', oids: Array.from({ length: count }, () => this.#oid()) }
  }

  #oldRow(type: string): Row {
    if (type !== 'K' && type !== 'O') throw unreadable('it has a change without its old row')
    return this.#row()
  }

  #newRow(type: string): Row {
    if (type !== 'N') throw unreadable('it has a change without its new row')
    return this.#row()
  }

  #row(): Row {
    return Array.from({ length: this.#count() }, () => this.#value())
  }

  #value(): Value {
    const form = this.#letter()
    if (form === 'n') return null
    if (form === 'u') return undefined
    if (form !== 't') throw unreadable('it has a value that is not text')
    const length = this.#int32()
    const from = this.#at
    this.#skip(length)
    return this.#text(from, this.#at)
  }

  /** What is no UTF-8 would become another character without a word: a source before 15 sends "char" as the byte that it is. */
  #text(from: number, to: number): string {
    const text = this.#body.toString('utf8', from, to)
    if (text.includes(REPLACEMENT) && !isUtf8(this.#body.subarray(from, to)))
      throw unreadable('it has bytes that are no UTF-8')
    return text
  }

  #name(): string {
    const end = this.#body.indexOf(0, this.#at)
    if (end < 0) throw unreadable('it has a name without an end')
    const name = this.#text(this.#at, end)
    this.#at = end + 1
    return name
  }

  #skip(bytes: number): void {
    this.#at += bytes
    if (bytes < 0 || this.#at > this.#body.length) throw unreadable('it ends in the middle of a value')
  }

  #byte(): number {
    this.#at += 1
    return this.#body.readUInt8(this.#at - 1)
  }

  #letter(): string {
    return String.fromCharCode(this.#byte())
  }

  #count(): number {
    this.#at += 2
    return this.#body.readUInt16BE(this.#at - 2)
  }

  #int32(): number {
    this.#at += 4
    return this.#body.readInt32BE(this.#at - 4)
  }

  #oid(): number {
    this.#at += 4
    return this.#body.readUInt32BE(this.#at - 4)
  }

  #lsn(): Lsn {
    this.#at += 8
    return this.#body.readBigUInt64BE(this.#at - 8)
  }
}

function unreadable(finding: string): SampanError {
  return new SampanError({
    code: 'FOLLOW_STREAM_UNREADABLE',
    message: `the source’s stream of changes cannot be read: ${finding}`,
    remedy: 'nothing of it was used; report it with the versions of both servers',
  })
}
