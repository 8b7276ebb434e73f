import {
  commandComplete,
  joinBytes,
  MessageCutter,
  query,
  queryText,
  ReadyCounter,
  readInt32,
  readyForQuery,
  welcome,
} from './frames.ts'
import type { Interceptor } from './interceptors.ts'

/** What the conversation needs of its surroundings: a way to the server, and a way to block until the server answers. */
export interface ServerLine {
  send(bytes: Uint8Array): void
  /** Blocks until bytes arrive. Throws where the line is cut or the deadline has passed. */
  receive(): Uint8Array
}

const sslRequest = 80877103
const gssRequest = 80877104

/**
 * Plays the server to the libpq inside pg_dump: answers its greeting, looks at every simple Query, passes it on, rewrites
 * it or answers it, and hands the server's answers back. Synchronous, because libpq's socket calls are.
 */
export class Conversation {
  readonly hits: Record<string, number> = {}
  private readonly cutter = new MessageCutter()
  private readonly counter = new ReadyCounter()
  private readonly answers: Uint8Array[] = []
  private greeted = false
  private unanswered = 0

  private readonly line: ServerLine
  private readonly interceptors: readonly Interceptor[]
  private readonly settings: Readonly<Record<string, string>>
  private readonly processId: number

  constructor(
    line: ServerLine,
    interceptors: readonly Interceptor[],
    settings: Readonly<Record<string, string>>,
    processId: number,
  ) {
    this.line = line
    this.interceptors = interceptors
    this.settings = settings
    this.processId = processId
  }

  /** libpq sends. */
  write(bytes: Uint8Array): void {
    this.cutter.push(bytes)
    for (let next = this.cutter.next(this.greeted); next !== null; next = this.cutter.next(this.greeted)) {
      if (this.greeted) this.relay(next)
      else this.greet(next)
    }
  }

  /**
   * libpq receives at most `size` bytes. An incomplete answer blocks until the server goes on; after a complete one libpq
   * makes one more receive on the chance of more, which must get nothing at once: blocking there would never end.
   */
  read(size: number): Uint8Array {
    if (this.answers.length === 0 && this.unanswered > 0) {
      const bytes = this.line.receive()
      this.unanswered -= this.counter.count(bytes)
      this.answers.push(bytes)
    }
    const [first] = this.answers
    if (!first) return new Uint8Array(0)
    if (first.length <= size) {
      this.answers.shift()
      return first
    }
    this.answers[0] = first.subarray(size)
    return first.subarray(0, size)
  }

  private greet(packet: Uint8Array): void {
    const code = readInt32(packet, 4)
    if (code === sslRequest || code === gssRequest) {
      this.answers.push(new TextEncoder().encode('N'))
      return
    }
    this.greeted = true
    this.answers.push(welcome(this.settings, this.processId))
  }

  private relay(packet: Uint8Array): void {
    const type = packet[0]
    // Terminate: the connection is the host's, who ends it.
    if (type === 0x58) return
    if (type === 0x51) {
      this.relayQuery(packet)
      return
    }
    // Sync answers with ReadyForQuery too.
    if (type === 0x53) this.unanswered += 1
    this.line.send(packet)
  }

  private relayQuery(packet: Uint8Array): void {
    const sql = queryText(packet)
    let sent = packet
    for (const interceptor of this.interceptors) {
      if (!interceptor.match(sql)) continue
      this.hits[interceptor.name] = (this.hits[interceptor.name] ?? 0) + 1
      if (interceptor.reply !== undefined) {
        this.answers.push(joinBytes([commandComplete(interceptor.reply), readyForQuery('T')]))
        return
      }
      if (interceptor.rewrite) sent = query(interceptor.rewrite(sql))
    }
    this.unanswered += 1
    this.line.send(sent)
  }
}
