import type { Socket } from 'node:net'
import { type Session, socketOf } from '../postgres/connect.ts'
import { toDatabaseError } from '../postgres/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/identifiers.ts'
import { takeQuestions } from '../postgres/outstanding.ts'
import {
  COPY_DATA,
  COPY_DONE,
  copyDoneFrame,
  ERROR_RESPONSE,
  errorFields,
  FrameReader,
  HEADER_BYTES,
  queryFrame,
  READY_FOR_QUERY,
} from '../postgres/wire/frames.ts'
import { GrowingBytes } from '../postgres/wire/growing-bytes.ts'
import { checkShape } from '../postgres/wire/message-shapes.ts'
import { violated, type WireProblem } from '../postgres/wire/wire-problem.ts'
import { SampanError } from '../runtime/errors.ts'
import { type Lsn, lsnText } from './lsn.ts'
import { type Message, readMessage } from './pgoutput.ts'

/** A message of the stream, or the server's word that everything up to a position has been sent. */
export type Arrival =
  | { readonly kind: 'change'; readonly message: Message; readonly cost: number }
  | { readonly kind: 'sent'; readonly end: Lsn }

export interface StreamOptions {
  readonly slot: string
  readonly publication: string
  /** Transactions that end behind it are sent. */
  readonly from: Lsn
}

/** Bytes. Tests make them small. */
export const streamLimits = {
  /** What waits to be applied, with what is taken and may not be applied yet: beyond it the socket is paused, and the source waits. */
  waiting: 8 * 1024 * 1024,
  /** What is taken at once. */
  taken: 3 * 1024 * 1024,
  /** A message is held whole, its text beside it. */
  message: 64 * 1024 * 1024,
}
/** How often the source is told where we are, whatever happens: it ends a connection that is silent for wal_sender_timeout, 60 s by default. */
const STATUS_MILLISECONDS = 10_000
/** How long a polite end may take. */
const END_MILLISECONDS = 2_000

const XLOG_DATA = 0x77 // 'w'
const KEEPALIVE = 0x6b // 'k'
const STATUS = 0x72 // 'r'
/** Type, start and end of the WAL, clock: what is before the message of an XLogData. */
const XLOG_HEADER = 1 + 8 + 8 + 8
/** Microseconds from 1970 to 2000, where PostgreSQL's clock begins. */
const EPOCH_2000 = 946_684_800_000_000n

/** What a message of a change needs in memory beside its text, and each of its values: small rows are mostly that. */
const MESSAGE_COST = 250
const VALUE_COST = 60

type DataListener = (chunk: Buffer) => void

/**
 * The changes of a slot, as a walsender sends them over a socket taken over from the driver. The driver's listener is replaced
 * before the command is written: what comes in the same read as the answer to it would be lost to whoever took over then.
 */
export class ChangeStream {
  readonly #session: Session
  readonly #socket: Socket
  readonly #timer: NodeJS.Timeout
  readonly #partial = new GrowingBytes()
  #arrivals: Arrival[] = []
  /** What the arrivals need in memory, and those that were taken last. */
  #waiting = 0
  #taken = 0
  #confirmed: Lsn
  #failure: SampanError | null = null
  #ended = false
  #wake: () => void = () => {}
  #heardAt = performance.now()

  constructor(session: Session, { slot, publication, from }: StreamOptions) {
    this.#session = session
    this.#confirmed = from
    this.#socket = socketOf(session.client)
    for (const listener of this.#socket.listeners('data') as DataListener[]) {
      this.#socket.removeListener('data', listener)
    }
    const reader = new FrameReader({
      rowBegins: () => {},
      copyData: (piece) => this.#piece(piece),
      rowEnds: () => this.#arrived(this.#partial.take()),
      message: (type, body) => this.#message(type, body),
    })
    this.#socket.on('data', (chunk: Buffer) => {
      this.#heardAt = performance.now()
      try {
        reader.push(chunk)
      } catch (thrown) {
        this.#fail(thrown instanceof SampanError ? thrown : toDatabaseError(thrown as WireProblem, 'source'))
        this.#socket.destroy()
      }
      this.#wake()
    })
    this.#socket.on('close', () => {
      this.#fail(toDatabaseError({ code: 'ECONNRESET', message: 'the connection was closed' }, 'source'))
    })
    takeQuestions(this.#socket, () => false)
    const options = `proto_version '1', publication_names ${quoteLiteral(quoteIdentifier(publication))}`
    const command = `START_REPLICATION SLOT ${quoteIdentifier(slot)} LOGICAL ${lsnText(from)} (${options})`
    this.#socket.write(queryFrame(command))
    this.#timer = setInterval(() => this.#tell(false), STATUS_MILLISECONDS)
  }

  /**
   * What has come, in its order, as much as is taken at once; waits for the first of it. What was taken before is to be done with.
   * @param milliseconds for how long at most
   * @throws SampanError where the stream has ended, once all that came before is taken
   */
  async take(milliseconds: number): Promise<readonly Arrival[]> {
    this.#taken = 0
    this.#listen()
    if (this.#arrivals.length === 0 && this.#failure === null) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    const taken = this.#some()
    if (taken.length === 0 && this.#failure !== null) throw this.#failure
    this.#listen()
    return taken
  }

  #some(): readonly Arrival[] {
    let count = 0
    while (count < this.#arrivals.length && this.#taken < streamLimits.taken) {
      this.#taken += costOf(this.#arrivals[count])
      count += 1
    }
    this.#waiting -= this.#taken
    const taken = this.#arrivals.slice(0, count)
    this.#arrivals = this.#arrivals.slice(count)
    return taken
  }

  #listen(): void {
    if (!this.#socket.destroyed && this.#waiting + this.#taken <= streamLimits.waiting) this.#socket.resume()
  }

  /** Everything up to here is committed at the destination: the source need not keep it. */
  confirm(lsn: Lsn): void {
    this.#confirmed = lsn
    this.#tell(false)
  }

  /** Has the server say how far it has sent. */
  ask(): void {
    this.#tell(true)
  }

  /** For how many milliseconds nothing has come. */
  get silence(): number {
    return performance.now() - this.#heardAt
  }

  /** The walsender's process. */
  get backend(): number | null {
    return this.#session.backend
  }

  /** Ends the stream politely, and the connection with it. */
  async end(): Promise<void> {
    clearInterval(this.#timer)
    if (!this.#socket.destroyed && this.#failure === null) {
      this.#tell(false)
      this.#socket.write(copyDoneFrame)
      const until = performance.now() + END_MILLISECONDS
      while (!this.#ended && this.#failure === null && performance.now() < until) {
        await this.take(50).catch(() => [])
      }
    }
    takeQuestions(this.#socket, null)
    this.#session.destroy()
  }

  #piece(piece: Buffer): void {
    if (this.#partial.length + piece.length > streamLimits.message) throw tooLarge()
    this.#partial.add(piece)
  }

  #arrived(body: Buffer): void {
    if (body[0] === XLOG_DATA && body.length > XLOG_HEADER) {
      const message = readMessage(body.subarray(XLOG_HEADER))
      if (message.kind === 'nothing') return
      this.#arrive({ kind: 'change', message, cost: body.length + MESSAGE_COST + VALUE_COST * valuesOf(message) })
    } else if (body[0] === KEEPALIVE && body.length === 1 + 8 + 8 + 1) {
      this.#arrive({ kind: 'sent', end: body.readBigUInt64BE(1) })
      if (body[17] === 1) this.#tell(false)
    } else throw violated('it sends a message that is none of a stream of changes')
  }

  #arrive(arrival: Arrival): void {
    this.#arrivals.push(arrival)
    this.#waiting += costOf(arrival)
    if (this.#waiting + this.#taken > streamLimits.waiting) this.#socket.pause()
  }

  #message(type: number, body: Buffer): void {
    checkShape(type, body)
    if (type === ERROR_RESPONSE) this.#fail(toDatabaseError(errorFields(body), 'source'))
    else if (type === COPY_DONE || type === READY_FOR_QUERY) {
      this.#ended = true
      this.#fail(toDatabaseError({ code: 'ECONNRESET', message: 'the source has ended the stream' }, 'source'))
    }
  }

  #fail(error: SampanError): void {
    this.#failure ??= error
    clearInterval(this.#timer)
    this.#wake()
  }

  /** Written, flushed and applied are one: what the destination has committed. */
  #tell(asks: boolean): void {
    if (this.#socket.destroyed || this.#failure !== null) return
    const body = 1 + 3 * 8 + 8 + 1
    const frame = Buffer.alloc(HEADER_BYTES + body)
    frame[0] = COPY_DATA
    frame.writeInt32BE(4 + body, 1)
    frame[HEADER_BYTES] = STATUS
    for (const place of [1, 9, 17]) frame.writeBigUInt64BE(this.#confirmed, HEADER_BYTES + place)
    frame.writeBigInt64BE(BigInt(Date.now()) * 1000n - EPOCH_2000, HEADER_BYTES + 25)
    frame[HEADER_BYTES + 33] = asks ? 1 : 0
    this.#socket.write(frame)
  }
}

const costOf = (arrival: Arrival | undefined) => (arrival?.kind === 'change' ? arrival.cost : MESSAGE_COST)

function valuesOf(message: Message): number {
  switch (message.kind) {
    case 'insert':
      return message.row.length
    case 'update':
      return message.row.length + (message.old?.length ?? 0)
    case 'delete':
      return message.old.length
    default:
      return 0
  }
}

function tooLarge(): SampanError {
  return new SampanError({
    code: 'FOLLOW_ROW_TOO_LARGE',
    message: `a change of more than ${streamLimits.message / 1024 / 1024} MB is in the stream, more than is held in memory`,
    remedy: 'nothing of it was applied: stop the writers and migrate with mode migrate, which copies rows of any size',
  })
}
