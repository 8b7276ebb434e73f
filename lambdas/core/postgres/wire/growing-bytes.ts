const SMALLEST = 1024

/**
 * Bytes that come in pieces. The room doubles as it fills: what is announced takes no memory before it is sent, and a
 * million pieces of one byte take as much as one of a million.
 */
export class GrowingBytes {
  #bytes = Buffer.alloc(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What has come so far; valid until the next call. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  add(piece: Buffer): void {
    const needed = this.#length + piece.length
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(SMALLEST, needed, this.#bytes.length * 2))
      this.bytes.copy(larger)
      this.#bytes = larger
    }
    piece.copy(this.#bytes, this.#length)
    this.#length = needed
  }

  /** All that has come, for good; nothing is left here. */
  take(): Buffer {
    const taken = this.bytes
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
    return taken
  }
}
