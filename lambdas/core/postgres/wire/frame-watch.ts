import { bodyLength, LONGEST_DUMPED_ROW } from './frame-limits.ts'

const HEADER_BYTES = 5

/** Judges the headers of messages that pass to somebody else unread; nothing is kept. */
export class FrameWatch {
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  #left = 0

  /** @throws WireProblem */
  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      const skipped = Math.min(this.#left, chunk.length - at)
      this.#left -= skipped
      at += skipped
      const taken = chunk.copy(this.#header, this.#headerBytes, at, at + HEADER_BYTES - this.#headerBytes)
      this.#headerBytes += taken
      at += taken
      if (this.#headerBytes < HEADER_BYTES) return
      this.#headerBytes = 0
      this.#left = bodyLength(this.#header[0] ?? 0, this.#header.readInt32BE(1), LONGEST_DUMPED_ROW)
    }
  }
}
