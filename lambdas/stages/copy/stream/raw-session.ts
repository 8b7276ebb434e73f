import type { Socket } from 'node:net'
import { type Session, socketOf } from '../../../core/postgres/connect.ts'
import { toDatabaseError } from '../../../core/postgres/errors.ts'
import { takeQuestions } from '../../../core/postgres/outstanding.ts'
import {
  COMMAND_COMPLETE,
  COPY_DONE,
  commandTag,
  DATA_ROW,
  ERROR_RESPONSE,
  errorFields,
  FrameReader,
  queryFrame,
  READY_FOR_QUERY,
  rowValues,
} from '../../../core/postgres/wire/frames.ts'
import { checkShape } from '../../../core/postgres/wire/message-shapes.ts'
import { violated, WireProblem } from '../../../core/postgres/wire/wire-problem.ts'
import type { SampanError } from '../../../core/runtime/errors.ts'

/** What one simple Query was answered. */
export interface Answer {
  /** Command tags, e.g. `COPY 12`. */
  readonly tags: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
}

/** Who takes the rows of a `COPY … TO STDOUT`. */
export interface CopyOutSink {
  row(): void
  data(payload: Buffer): void
  done(): void
}

/** A digest, a tag, notices: what answers one question beside the rows of a COPY. */
const LONGEST_ANSWER = 64 * 1024 * 1024

interface Pending {
  readonly sink: CopyOutSink | null
  readonly tags: string[]
  readonly rows: (string | null)[][]
  /** Of all messages but the rows of a COPY. */
  bytes: number
  /** CopyDone has come. */
  ended: boolean
  error: { code: string; message: string } | null
  resolve(answer: Answer): void
  reject(error: SampanError): void
}

type DataListener = (chunk: Buffer) => void

/**
 * The socket of an authenticated, idle session, taken over from the driver: queries are written without waiting for the
 * answers before them, and COPY's frames pass without being looked at. `release` gives the socket back, every answer read.
 * The driver notices nothing: as long as its own queue is empty it only waits.
 */
export class RawSession {
  readonly socket: Socket
  readonly #session: Session
  readonly #pending: Pending[] = []
  readonly #driverListeners: DataListener[]
  readonly #onData: DataListener
  readonly #onClose = () => this.#fail({ code: 'ECONNRESET', message: 'the connection was closed' })
  #lost: SampanError | null = null

  constructor(session: Session) {
    this.#session = session
    this.socket = socketOf(session.client)
    this.#driverListeners = this.socket.listeners('data') as DataListener[]
    for (const listener of this.#driverListeners) this.socket.removeListener('data', listener)
    const reader = new FrameReader({
      rowBegins: () => this.#pending[0]?.sink?.row(),
      copyData: (payload) => this.#pending[0]?.sink?.data(payload),
      message: (type, body) => this.#message(type, body),
    })
    this.#onData = (chunk) => {
      try {
        reader.push(chunk)
      } catch (thrown) {
        // Thrown on, it would end the process.
        this.#fail(thrown instanceof WireProblem ? thrown : violated('it sends what nobody has asked for'))
        this.socket.off('data', this.#onData)
        this.socket.destroy()
      }
    }
    this.socket.on('data', this.#onData)
    this.socket.on('close', this.#onClose)
    takeQuestions(this.socket, () => this.#pending.length > 0)
    if (this.socket.destroyed) this.#onClose()
  }

  /** Sends a simple Query and answers when its ReadyForQuery is here. Answers come in the order of the questions. */
  query(sql: string, sink: CopyOutSink | null = null): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    if (this.#lost !== null) reject(this.#lost)
    else {
      this.#pending.push({ sink, tags: [], rows: [], bytes: 0, ended: false, error: null, resolve, reject })
      this.socket.write(queryFrame(sql))
    }
    return promise
  }

  /** Hands the socket back to the driver. Only when nothing is pending. */
  release(): void {
    if (this.#pending.length > 0) throw new Error('released with answers outstanding')
    this.socket.removeListener('data', this.#onData)
    this.socket.removeListener('close', this.#onClose)
    takeQuestions(this.socket, null)
    for (const listener of this.#driverListeners) this.socket.on('data', listener)
    this.socket.resume()
  }

  #message(type: number, body: Buffer): void {
    const current = this.#pending[0]
    if (current === undefined) return
    checkShape(type, body)
    current.bytes += body.length
    if (current.bytes > LONGEST_ANSWER) throw violated(`it answers one question with more than ${LONGEST_ANSWER} bytes`)
    if (type === COMMAND_COMPLETE) current.tags.push(commandTag(body))
    else if (type === DATA_ROW) current.rows.push(rowValues(body))
    else if (type === COPY_DONE) {
      if (current.ended) throw violated('it ends one COPY twice')
      current.ended = true
      current.sink?.done()
    } else if (type === ERROR_RESPONSE) {
      current.error = errorFields(body)
      // 57P01 and the like end the connection without a ReadyForQuery; and nobody gains by waiting for it.
      current.reject(toDatabaseError(current.error, this.#session.side))
    } else if (type === READY_FOR_QUERY) {
      this.#pending.shift()
      if (current.error === null) current.resolve({ tags: current.tags, rows: current.rows })
    }
    // RowDescription, CopyInResponse, CopyOutResponse, notices and parameters carry nothing the copy needs.
  }

  #fail(error: WireProblem | { code: string; message: string }): void {
    this.#lost ??= toDatabaseError(error, this.#session.side)
    for (const waiting of this.#pending.splice(0)) waiting.reject(this.#lost)
  }
}
