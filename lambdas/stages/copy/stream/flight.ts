import type { Session } from '../../../core/postgres/connect.ts'
import { copyDoneFrame } from '../../../core/postgres/wire/frames.ts'
import type { Cargo } from '../../../core/rows/cargo.ts'
import { SampanError } from '../../../core/runtime/errors.ts'
import { MergingSink } from './merging-sink.ts'
import { type Answer, RawSession } from './raw-session.ts'
import { Valve } from './valve.ts'

/** What arrived. */
export interface Delivery {
  /** By both servers' command tags. */
  readonly rows: string
  /** Payload bytes of the COPY stream. */
  readonly bytes: number
  /** The source's digest, the server's own text. */
  readonly digest: string | null
  readonly milliseconds: number
}

/** A question to each session of the source behind all that it has read in a flight, and whose tables' locks it holds. */
export interface Control {
  readonly rows: string
  /** Of the session that computes the digests, where there is one. */
  readonly digests: string
  /** @throws what makes the flight void */
  judge(answer: Answer): void
}

/** Who holds the stream back: the limits of a run. */
export interface Governor {
  /** The valve of the flight that begins, `null` when it has ended. */
  govern(valve: Valve | null): void
  passed(bytes: number, rows: number): void
}

/** The sessions of the source, both in the same view. */
export interface Sources {
  readonly rows: Session
  /**
   * Computes the digests while the rows travel: behind them on the same session, the destination would wait meanwhile.
   * `null` where nothing is compared: then, and for tests, the one session does all.
   */
  readonly digests: Session | null
}

/**
 * Copies one or many chunks in one flight, inside the transactions that both sessions have open: every COPY statement is
 * sent without waiting for the one before, the source's CopyData goes to the destination unread. After an error both
 * connections are destroyed, and with them the destination's transaction: a part of a chunk cannot stay.
 * @param failedAt told of each COPY that failed; the first one told is the one that broke the flight
 * @param control asked of each of the source's sessions when it has read all
 * @throws SampanError mapped by side; what `control` throws; COPY_ROWS_DIFFER where the two servers counted differently
 */
export async function fly(
  { rows: source, digests }: Sources,
  destination: Session,
  cargo: readonly Cargo[],
  governor: Governor,
  failedAt: (index: number) => void = () => {},
  control: Control | null = null,
): Promise<Delivery[]> {
  const from = new RawSession(source)
  const beside = digests === null ? from : new RawSession(digests)
  const to = new RawSession(destination)
  try {
    const loaded = load(from, beside, to, cargo, governor, failedAt)
    // All COPYs are sent by now.
    const controlled = control === null ? [] : ask(control, from, beside)
    // After a COPY that failed it only says that the transaction is aborted: the COPY's own error is the one to throw.
    for (const asked of controlled) asked.catch(() => {})
    const deliveries = await loaded
    for (const asked of controlled) control?.judge(await asked)
    for (const taken of new Set([from, beside, to])) taken.release()
    return deliveries
  } catch (thrown) {
    for (const session of [source, digests, destination]) session?.destroy()
    throw thrown
  } finally {
    governor.govern(null)
  }
}

function ask(control: Control, from: RawSession, beside: RawSession): Promise<Answer>[] {
  const asked = [from.query(control.rows)]
  return beside === from ? asked : [...asked, beside.query(control.digests)]
}

/** All of the source's questions are sent at once; the destination's follow the stream, each COPY behind the CopyDone before. */
function load(
  from: RawSession,
  beside: RawSession,
  to: RawSession,
  cargo: readonly Cargo[],
  governor: Governor,
  failedAt: (index: number) => void,
): Promise<Delivery[]> {
  const valve = new Valve(from.socket)
  governor.govern(valve)
  const sink = new MergingSink(to.socket, valve)
  let rows = 0
  const started = performance.now()
  const arrived = cargo.map(() => Promise.withResolvers<Answer>())
  const landed = cargo.map(() => ({ bytes: 0, milliseconds: 0 }))
  /** The COPY that the destination is taking at the moment. */
  let taking: Promise<Answer> = Promise.reject(new RangeError('nothing to copy'))
  taking.catch(() => {})
  const begin = (index: number) => {
    const item = cargo[index]
    if (item === undefined) return
    taking = to.query(item.copyIn)
    // A refused COPY ends the flight at once, while the source still sends; behind what failed before it, which it would only echo (25P02).
    const before = arrived[index - 1]?.promise.catch(() => {}) ?? Promise.resolve()
    taking.catch((thrown: unknown) => before.then(() => arrived[index]?.reject(thrown)))
  }
  const finish = (index: number) => {
    sink.flush()
    to.socket.write(copyDoneFrame)
    landed[index] = { bytes: sink.takeBytes(), milliseconds: performance.now() - started }
    const afterwards = cargo[index]?.afterwards ?? null
    const all = Promise.all([taking, afterwards === null ? null : to.query(afterwards)])
    all.then(([copied]) => arrived[index]?.resolve(copied), arrived[index]?.reject)
    begin(index + 1)
  }
  begin(0)
  const deliveries = cargo.map((item, index) =>
    Promise.all([
      from.query(item.copyOut, {
        row: () => {
          rows += 1
        },
        data: (payload) => {
          sink.append(payload)
          governor.passed(payload.length, rows)
          rows = 0
        },
        done: () => finish(index),
      }),
      arrived[index]?.promise ?? Promise.reject(new RangeError('no such cargo')),
      item.digest === null ? null : beside.query(item.digest),
    ])
      .then(([out, into, digest]) =>
        deliver(out, into, digest, landed[index]?.bytes ?? 0, landed[index]?.milliseconds ?? 0),
      )
      .catch((thrown: unknown) => {
        failedAt(index)
        throw thrown
      }),
  )
  return Promise.all(deliveries)
}

function deliver(
  copiedOut: Answer,
  copiedIn: Answer,
  digested: Answer | null,
  bytes: number,
  milliseconds: number,
): Delivery {
  const rows = rowsOf(copiedOut)
  if (rows !== rowsOf(copiedIn) || (digested !== null && digested.rows[0]?.[0] !== rows)) {
    throw new SampanError({
      code: 'COPY_ROWS_DIFFER',
      message: `the source sent ${rows} rows, counted ${digested?.rows[0]?.[0] ?? rows}, and the destination took ${rowsOf(copiedIn)}`,
      remedy:
        'nothing is lost: the chunk is rolled back and tried again; look for a rule or trigger on the destination table',
      retryable: true,
    })
  }
  return { rows, bytes, digest: digested?.rows[0]?.[1] ?? null, milliseconds }
}

function rowsOf(answer: Answer): string {
  // Settings stand around it.
  const tag = answer.tags.map((text) => /^COPY (\d+)$/.exec(text)?.[1])
  return tag.find((rows) => rows !== undefined) ?? 'no'
}
