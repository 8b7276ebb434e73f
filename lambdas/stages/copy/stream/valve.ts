import type { Socket } from 'node:net'

/** Why the source is held back: no free slot to the destination, the rate limit, or a lane too many. */
export type Reason = 'slots' | 'rate' | 'lanes'

/** Pauses a socket while there is any reason to, and resumes it when the last one is gone. */
export class Valve {
  readonly #socket: Socket
  readonly #reasons = new Set<Reason>()

  constructor(socket: Socket) {
    this.#socket = socket
  }

  close(reason: Reason): void {
    this.#reasons.add(reason)
    this.#socket.pause()
  }

  open(reason: Reason): void {
    if (this.#reasons.delete(reason) && this.#reasons.size === 0) this.#socket.resume()
  }

  isClosedBy(reason: Reason): boolean {
    return this.#reasons.has(reason)
  }
}
