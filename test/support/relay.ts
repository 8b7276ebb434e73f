import { createServer, type Socket, connect as tcpConnect } from 'node:net'
import { afterAll } from 'vitest'

/** A TCP relay to one server on this machine that can delay, count and cut. */
export interface Relay {
  readonly port: number
  /** Cuts every connection now, both ways, as a lost network does. */
  cut(): void
  /** Cuts as soon as this many more bytes have come from the server, or gone to it. */
  cutAfter(bytes: number, direction: 'received' | 'sent'): void
}

export interface RelayOptions {
  readonly port: number
  /** One way, milliseconds: twice that is the round trip. */
  readonly delay?: number
}

const stops: (() => void)[] = []
afterAll(() => {
  for (const stop of stops.splice(0)) stop()
})

export async function startRelay(options: RelayOptions): Promise<Relay> {
  const sockets = new Set<Socket>()
  const left = { received: Number.POSITIVE_INFINITY, sent: Number.POSITIVE_INFINITY }
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
    sockets.clear()
  }
  const server = createServer({ noDelay: true }, (near) => {
    const far = tcpConnect({ host: '127.0.0.1', port: options.port, noDelay: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
      from.on('data', (chunk) => {
        const direction = from === far ? 'received' : 'sent'
        const forward = () => {
          if (!to.destroyed && !to.write(chunk)) {
            from.pause()
            to.once('drain', () => from.resume())
          }
        }
        if (options.delay) setTimeout(forward, options.delay)
        else forward()
        left[direction] -= chunk.length
        if (left[direction] <= 0) {
          left[direction] = Number.POSITIVE_INFINITY
          cut()
        }
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    cut()
    server.close()
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut,
    cutAfter: (bytes, direction) => {
      left[direction] = bytes
    },
  }
}
