import { bodyLength } from './frame-limits.ts'
import { GrowingBytes } from './growing-bytes.ts'
import { checkShape } from './message-shapes.ts'
import { violated } from './wire-problem.ts'

const HEADER_BYTES = 5
const READY_FOR_QUERY = 0x5a

/** What a server may answer to one question, all messages together; catalogues of a million objects are below that. */
const LONGEST_ANSWER = 512 * 1024 * 1024

/** Is shown every message, whole, before the driver gets it. @throws WireProblem */
export type MessageWitness = (type: number, body: Buffer) => void

/**
 * Stands between the socket and the driver's parser. Only whole messages that have the form of their type go on; what comes
 * in pieces is kept until then, and never more than its kind may have.
 */
export class MessageGuard {
  readonly #witness: MessageWitness
  readonly #pass: (messages: Buffer) => void
  /** The beginning of a message whose rest has not come. */
  readonly #kept = new GrowingBytes()
  #answered = 0

  constructor(witness: MessageWitness, pass: (messages: Buffer) => void) {
    this.#witness = witness
    this.#pass = pass
  }

  /** @throws WireProblem */
  push(chunk: Buffer): void {
    let rest = chunk
    while (this.#kept.length > 0) {
      const end = endOf(this.#kept.bytes, 0)
      if (end <= this.#kept.length) {
        this.#judge(this.#kept.take())
        break
      }
      if (rest.length === 0) return
      // The header first: it says how much follows.
      const missing = (end === Number.POSITIVE_INFINITY ? HEADER_BYTES : end) - this.#kept.length
      this.#kept.add(rest.subarray(0, missing))
      rest = rest.subarray(missing)
    }
    let at = 0
    for (let end = endOf(rest, at); end <= rest.length; end = endOf(rest, at)) {
      this.#judge(rest.subarray(at, end))
      at = end
    }
    if (at < rest.length) this.#kept.add(rest.subarray(at))
  }

  #judge(message: Buffer): void {
    const type = message[0] ?? 0
    const body = message.subarray(HEADER_BYTES)
    checkShape(type, body)
    this.#witness(type, body)
    this.#answered = type === READY_FOR_QUERY ? 0 : this.#answered + message.length
    if (this.#answered > LONGEST_ANSWER)
      throw violated(`it answers one question with more than ${LONGEST_ANSWER} bytes`)
    this.#pass(message)
  }
}

/** Where the message that begins at `at` ends; beyond everything where its header is not whole. @throws WireProblem */
function endOf(bytes: Buffer, at: number): number {
  if (bytes.length - at < HEADER_BYTES) return Number.POSITIVE_INFINITY
  return at + HEADER_BYTES + bodyLength(bytes[at] ?? 0, bytes.readInt32BE(at + 1))
}
