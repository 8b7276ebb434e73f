import { SampanError } from '../../../core/runtime/errors.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads the primitives of a pg_dump archive one after the other. */
export class ArchiveBytes {
  private at = 0
  private readonly bytes: Uint8Array
  /** Width of an int without its sign byte; the header says it. */
  intSize = 4

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  byte(): number {
    const value = this.bytes[this.at]
    if (value === undefined) throw brokenArchive('it ends in the middle of an entry')
    this.at += 1
    return value
  }

  /** A sign byte (0: positive), then the magnitude, least significant byte first. */
  int(): number {
    const negative = this.byte() !== 0
    let value = 0
    for (let place = 0; place < this.intSize; place += 1) value += this.byte() * 2 ** (8 * place)
    return negative ? -value : value
  }

  /** Length and bytes; length -1 is null. Bytes that are no UTF-8, which a database in SQL_ASCII may have, stay apart: see `textOf`. */
  string(): string | null {
    const length = this.int()
    if (length < 0) return null
    const end = this.at + length
    if (end > this.bytes.length) throw brokenArchive('it ends in the middle of a text')
    const text = textOf(this.bytes.subarray(this.at, end))
    this.at = end
    return text
  }

  skip(count: number): void {
    this.at += count
    if (this.at > this.bytes.length) throw brokenArchive('it ends in the middle of an entry')
  }
}

/** The first of 128 lone surrogates that stand for the bytes from 0x80 on. */
const BYTE_80 = 0xdc80

/**
 * UTF-8 as text. In other text each byte from 0x80 on becomes a lone surrogate: it equals no other text, and `isWellFormed` tells it.
 */
function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    const parts = new Array<string>(bytes.length)
    for (const [at, byte] of bytes.entries())
      parts[at] = String.fromCharCode(byte < 0x80 ? byte : BYTE_80 + byte - 0x80)
    return parts.join('')
  }
}

export function brokenArchive(why: string): SampanError {
  return new SampanError({
    code: 'ARCHIVE_UNREADABLE',
    message: `the dump of the objects cannot be read: ${why}`,
    remedy: 'make the dump with pg_dump 12 to 18, format custom (-Fc)',
  })
}
