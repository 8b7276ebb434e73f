import { bodyLength } from './frame-limits.ts'
import { GrowingBytes } from './growing-bytes.ts'

/** Message types of the frontend/backend protocol that the copy path needs (PostgreSQL manual, "Message Formats"). */
export const COPY_DATA = 0x64 // 'd'
export const COPY_DONE = 0x63 // 'c'
export const COMMAND_COMPLETE = 0x43 // 'C'
export const DATA_ROW = 0x44 // 'D'
export const ERROR_RESPONSE = 0x45 // 'E'
export const READY_FOR_QUERY = 0x5a // 'Z'
const QUERY = 0x51 // 'Q'

/** Type byte and length word; the length counts itself, not the type. */
export const HEADER_BYTES = 5

export interface FrameConsumer {
  /** A CopyData frame begins: the server sends one for each row. */
  rowBegins(): void
  /** A piece of the payload of CopyData frames, as it came from the socket: valid only during the call. */
  copyData(payload: Buffer): void
  /** The CopyData frame that has begun is complete. */
  rowEnds?(): void
  /** Any other message, whole. */
  message(type: number, body: Buffer): void
}

/**
 * Cuts a stream of backend messages into frames. The payload of CopyData is handed on in whatever pieces the socket
 * delivers, so a row of any size costs no memory here; other messages are small and collected whole.
 * Lengths are judged when they are announced (WireProblem); whether a body has the form of its type is for the consumer.
 */
export class FrameReader {
  readonly #consumer: FrameConsumer
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  #type = 0
  #left = 0
  readonly #body = new GrowingBytes()

  constructor(consumer: FrameConsumer) {
    this.#consumer = consumer
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#headerBytes < HEADER_BYTES) at = this.#readHeader(chunk, at)
      else at = this.#readBody(chunk, at)
    }
  }

  #readHeader(chunk: Buffer, from: number): number {
    const taken = chunk.copy(this.#header, this.#headerBytes, from, from + HEADER_BYTES - this.#headerBytes)
    this.#headerBytes += taken
    if (this.#headerBytes === HEADER_BYTES) {
      this.#type = this.#header[0] ?? 0
      this.#left = bodyLength(this.#type, this.#header.readInt32BE(1))
      if (this.#type === COPY_DATA) this.#consumer.rowBegins()
      if (this.#left === 0) this.#finish(Buffer.alloc(0))
    }
    return from + taken
  }

  #readBody(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.#left)
    const piece = chunk.subarray(from, end)
    this.#left -= piece.length
    if (this.#type === COPY_DATA) this.#consumer.copyData(piece)
    else if (this.#left === 0 && this.#body.length === 0) {
      this.#finish(piece)
      return end
    }
    // The socket's buffer is reused after this turn: a piece that has to wait for the rest is copied.
    else this.#body.add(piece)
    if (this.#left === 0) this.#finish(this.#body.take())
    return end
  }

  #finish(body: Buffer): void {
    this.#headerBytes = 0
    if (this.#type !== COPY_DATA) this.#consumer.message(this.#type, body)
    else this.#consumer.rowEnds?.()
  }
}

/** A simple Query message. */
export function queryFrame(sql: string): Buffer {
  const bytes = Buffer.byteLength(sql)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes + 1)
  frame[0] = QUERY
  frame.writeInt32BE(4 + bytes + 1, 1)
  frame.write(sql, HEADER_BYTES)
  frame[HEADER_BYTES + bytes] = 0
  return frame
}

/** CopyDone. */
export const copyDoneFrame: Buffer = Buffer.from([COPY_DONE, 0, 0, 0, 4])

/** The text of a CommandComplete, e.g. `COPY 12`. */
export function commandTag(body: Buffer): string {
  return body.toString('utf8', 0, Math.max(0, body.length - 1))
}

/** The columns of a DataRow as text. */
export function rowValues(body: Buffer): (string | null)[] {
  const values: (string | null)[] = []
  let at = 2
  for (let left = body.readInt16BE(0); left > 0; left -= 1) {
    const length = body.readInt32BE(at)
    at += 4
    values.push(length < 0 ? null : body.toString('utf8', at, at + length))
    if (length > 0) at += length
  }
  return values
}

/** SQLSTATE and message of an ErrorResponse, in the form the driver throws. */
export function errorFields(body: Buffer): { code: string; message: string; routine: string } {
  const fields = new Map<string, string>()
  let at = 0
  while (at < body.length && body[at] !== 0) {
    const end = body.indexOf(0, at + 1)
    fields.set(String.fromCharCode(body[at] ?? 0), body.toString('utf8', at + 1, end))
    at = end + 1
  }
  return {
    code: fields.get('C') ?? 'XX000',
    message: fields.get('M') ?? 'unknown error',
    routine: fields.get('R') ?? '',
  }
}
