import type { Socket } from 'node:net'
import { COPY_DATA, HEADER_BYTES } from '../../../core/postgres/wire/frames.ts'
import type { Valve } from './valve.ts'

/** The size at which merged frames cost the destination least (measured: 64 KiB). */
const SLOT_BYTES = 64 * 1024
/** Slots of one sink: 2 MiB in flight at most, whatever the size of a row. */
const SLOTS = 32
/** Below this many free slots the source is paused; a chunk the socket still delivers finds room in them. */
const LOW_WATER = 8

/**
 * Packs the payload of many CopyData frames, one per row, into few frames of 64 KiB: the server accepts any split of the
 * stream. Back-pressure is the count of free slots: a slot is free again when the kernel has taken it.
 */
export class MergingSink {
  readonly #destination: Socket
  readonly #valve: Valve
  readonly #free: Buffer[] = []
  #allocated = 0
  #slot: Buffer | null = null
  #used = HEADER_BYTES
  /** Payload bytes since the last `takeBytes`. */
  #bytes = 0

  constructor(destination: Socket, valve: Valve) {
    this.#destination = destination
    this.#valve = valve
  }

  append(payload: Buffer): void {
    this.#bytes += payload.length
    let at = 0
    while (at < payload.length) {
      this.#slot ??= this.#takeSlot()
      const taken = payload.copy(this.#slot, this.#used, at)
      this.#used += taken
      at += taken
      if (this.#used === SLOT_BYTES) this.flush()
    }
  }

  /** Sends the slot that is being filled. */
  flush(): void {
    const slot = this.#slot
    if (slot === null) return
    slot[0] = COPY_DATA
    slot.writeInt32BE(this.#used - 1, 1)
    this.#destination.write(slot.subarray(0, this.#used), () => this.#giveBack(slot))
    this.#slot = null
    this.#used = HEADER_BYTES
    if (this.#available() < LOW_WATER) this.#valve.close('slots')
  }

  /** Payload bytes since the last call. */
  takeBytes(): number {
    const bytes = this.#bytes
    this.#bytes = 0
    return bytes
  }

  #available(): number {
    return SLOTS - this.#allocated + this.#free.length
  }

  #takeSlot(): Buffer {
    const slot = this.#free.pop()
    if (slot !== undefined) return slot
    this.#allocated += 1
    return Buffer.allocUnsafeSlow(SLOT_BYTES)
  }

  #giveBack(slot: Buffer): void {
    this.#free.push(slot)
    if (this.#available() >= SLOTS / 2) this.#valve.open('slots')
  }
}
