import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { SampanError } from '../../../core/runtime/errors.ts'
import type { ServerLine } from './conversation.ts'

/** What the worker is started with. */
export interface WorkerTask {
  readonly args: readonly string[]
  readonly settings: Readonly<Record<string, string>>
  readonly processId: number
  readonly skipLocks: boolean
  readonly skipTransaction: boolean
  /** Milliseconds since 1970: nothing is waited for after this. */
  readonly deadline: number
  readonly wasm: string
  readonly counter: Int32Array<SharedArrayBuffer>
  readonly port: MessagePort
}

/** What the worker ends with. `archive` is null where pg_dump failed. */
export interface WorkerResult {
  readonly exitCode: number
  readonly archive: Uint8Array | null
  readonly notices: readonly string[]
  readonly missed: readonly string[]
}

/** The host's end: bytes for the worker, and a nudge that ends its Atomics.wait. */
export function handToWorker(port: MessagePort, counter: Int32Array<SharedArrayBuffer>, bytes: Uint8Array): void {
  port.postMessage(bytes)
  Atomics.add(counter, 0, 1)
  Atomics.notify(counter, 0)
}

/** The worker's end: a line that can be blocked on, which only Atomics.wait and receiveMessageOnPort make possible. */
export function blockingLine(port: MessagePort, counter: Int32Array<SharedArrayBuffer>, deadline: number): ServerLine {
  return {
    send: (bytes) => port.postMessage(bytes),
    receive: () => {
      for (;;) {
        const seen = Atomics.load(counter, 0)
        const received = receiveMessageOnPort(port)
        if (received) {
          const bytes = received.message as Uint8Array
          // How much room there is again: the host stops listening to the server where too much waits here.
          port.postMessage(bytes.length)
          return bytes
        }
        const left = deadline - Date.now()
        if (left <= 0 || Atomics.wait(counter, 0, seen, left) === 'timed-out') throw dumpTimedOut()
      }
    },
  }
}

export function dumpTimedOut(): SampanError {
  return new SampanError({
    code: 'SRC_DUMP_TIMED_OUT',
    message: 'reading the source’s objects did not end in time',
    remedy: 'nothing was changed; the step is tried again. Run Sampan near the source: every object costs a round trip',
    retryable: true,
  })
}
