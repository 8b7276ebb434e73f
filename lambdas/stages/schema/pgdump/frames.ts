/** PostgreSQL's wire protocol, version 3, as far as the relay between pg_dump and a server needs it. */

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Cuts a byte stream into messages. `typed` messages begin with a type byte; those before authentication do not. */
export class MessageCutter {
  private pending: Uint8Array = new Uint8Array(0)

  push(bytes: Uint8Array): void {
    if (this.pending.length === 0) {
      this.pending = bytes
      return
    }
    const joined = new Uint8Array(this.pending.length + bytes.length)
    joined.set(this.pending)
    joined.set(bytes, this.pending.length)
    this.pending = joined
  }

  /** The next whole message, its header included, or null where more bytes are needed. */
  next(typed: boolean): Uint8Array | null {
    const prefix = typed ? 1 : 0
    if (this.pending.length < prefix + 4) return null
    const length = prefix + readInt32(this.pending, prefix)
    if (this.pending.length < length) return null
    const message = this.pending.subarray(0, length)
    this.pending = this.pending.subarray(length)
    return message
  }
}

/**
 * Counts messages of a byte stream without keeping them: only headers are looked at, so a large answer costs no copy.
 * PostgreSQL may send ParameterStatus or Notice after ReadyForQuery in one packet, so the last message proves nothing;
 * every ReadyForQuery is counted instead.
 */
export class ReadyCounter {
  private readonly header = new Uint8Array(5)
  private headerFilled = 0
  private bodyLeft = 0

  /** How many ReadyForQuery messages begin in these bytes. */
  count(bytes: Uint8Array): number {
    let ready = 0
    let at = 0
    while (at < bytes.length) {
      if (this.bodyLeft > 0) {
        const skipped = Math.min(this.bodyLeft, bytes.length - at)
        this.bodyLeft -= skipped
        at += skipped
        continue
      }
      const taken = Math.min(5 - this.headerFilled, bytes.length - at)
      this.header.set(bytes.subarray(at, at + taken), this.headerFilled)
      this.headerFilled += taken
      at += taken
      if (this.headerFilled < 5) break
      this.headerFilled = 0
      this.bodyLeft = readInt32(this.header, 1) - 4
      if (this.header[0] === 0x5a) ready += 1
    }
    return ready
  }
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt32(at)
}

/** The SQL of a simple Query message. */
export function queryText(message: Uint8Array): string {
  return decoder.decode(message.subarray(5, message.length - 1))
}

/** One message: type, length, body. */
export function message(type: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + body.length)
  bytes[0] = type.charCodeAt(0)
  new DataView(bytes.buffer).setInt32(1, 4 + body.length)
  bytes.set(body, 5)
  return bytes
}

export function query(sql: string): Uint8Array {
  return message('Q', encoder.encode(`${sql}\0`))
}

export function commandComplete(tag: string): Uint8Array {
  return message('C', encoder.encode(`${tag}\0`))
}

/** @param status `I` outside a transaction, `T` inside one */
export function readyForQuery(status: 'I' | 'T'): Uint8Array {
  return message('Z', encoder.encode(status))
}

/** What a server says to a client that it lets in: libpq goes on at once. */
export function welcome(settings: Readonly<Record<string, string>>, processId: number): Uint8Array {
  const keys = new Uint8Array(8)
  new DataView(keys.buffer).setInt32(0, processId)
  return joinBytes([
    message('R', new Uint8Array(4)),
    ...Object.entries(settings).map(([name, value]) => message('S', encoder.encode(`${name}\0${value}\0`))),
    message('K', keys),
    readyForQuery('I'),
  ])
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
