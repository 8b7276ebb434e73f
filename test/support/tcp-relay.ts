import { createServer, type Socket, connect as tcpConnect } from 'node:net'

/** A TCP relay to one server on this machine that can delay, count, cut, and lead elsewhere. */
export interface TcpRelay {
  readonly port: number
  /** Cuts every connection now, both ways, as a lost network does. */
  cut(): void
  /** Cuts as soon as this many more bytes have come from the server, or gone to it. */
  cutAfter(bytes: number, direction: 'received' | 'sent', done?: () => void): void
  /**
   * Takes what the connections that are open now send, both ways, and hands nothing on, not their ends either: a gateway that has
   * forgotten them. Those made from now on go through.
   */
  swallow(): void
  /** Does so as soon as this many more bytes have come from the server, or gone to it. */
  swallowAfter(bytes: number, direction: 'received' | 'sent'): void
  /** Where connections made from now on lead; `null`: nowhere, they are reset. What a name does at a failover. */
  leadTo(port: number | null): void
  /** What went through so far. */
  readonly traffic: Readonly<Traffic>
  close(): void
}

export interface Traffic {
  /** Connections, those that were reset at once among them. */
  connections: number
  /** Connections that are open now. */
  open: number
}

export interface RelayOptions {
  readonly port: number
  /** One way, milliseconds: twice that is the round trip. As a function it is asked for every piece. */
  readonly delay?: number | (() => number)
  /** What each connection takes from the server, bytes per second, as a long way takes it from one stream. */
  readonly bytesPerSecond?: number
}

interface Limit {
  left: number
  act: () => void
}

const NO_LIMIT = Number.POSITIVE_INFINITY

export async function openRelay(options: RelayOptions): Promise<TcpRelay> {
  const sockets = new Set<Socket>()
  const limits: Record<'received' | 'sent', Limit> = {
    received: { left: NO_LIMIT, act: () => {} },
    sent: { left: NO_LIMIT, act: () => {} },
  }
  const traffic: Traffic = { connections: 0, open: 0 }
  let target: number | null = options.port
  const swallowed = new WeakSet<Socket>()
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
    sockets.clear()
  }
  const swallow = () => {
    for (const socket of sockets) {
      swallowed.add(socket)
      socket.resume()
    }
  }
  const server = createServer({ noDelay: true }, (near) => {
    near.on('error', () => {})
    traffic.connections += 1
    if (target === null) {
      near.resetAndDestroy()
      return
    }
    traffic.open += 1
    near.on('close', () => {
      traffic.open -= 1
    })
    const far = tcpConnect({ host: '127.0.0.1', port: target, noDelay: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        if (!swallowed.has(from)) to.destroy()
      })
      // What waits goes on in its order, whatever the delays are.
      const late: Buffer[] = []
      // The other end has not taken all yet. Pieces that are late come all the same.
      let full = false
      // When what has passed so far was due.
      let due = performance.now()
      from.on('data', (chunk) => {
        if (swallowed.has(from)) return
        if (options.bytesPerSecond !== undefined && from === far) {
          due = Math.max(due, performance.now()) + (chunk.length / options.bytesPerSecond) * 1000
          far.pause()
          setTimeout(() => full || far.resume(), Math.max(1, due - performance.now()))
        }
        const forward = (piece: Buffer | undefined) => {
          if (piece === undefined || to.destroyed || to.write(piece) || full) return
          full = true
          from.pause()
          to.once('drain', () => {
            full = false
            from.resume()
          })
        }
        const limit = limits[from === far ? 'received' : 'sent']
        limit.left -= chunk.length
        if (limit.left > 0) {
          const delay = typeof options.delay === 'function' ? options.delay() : (options.delay ?? 0)
          if (delay > 0 || late.length > 0) {
            late.push(chunk)
            setTimeout(() => forward(late.shift()), delay)
          } else forward(chunk)
          return
        }
        // What crosses the line is lost: handed on, it might still arrive before the reset.
        limit.left = NO_LIMIT
        limit.act()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut,
    cutAfter: (bytes, direction, done = () => {}) => {
      limits[direction] = {
        left: bytes,
        act: () => {
          cut()
          done()
        },
      }
    },
    swallow,
    swallowAfter: (bytes, direction) => {
      limits[direction] = { left: bytes, act: swallow }
    },
    leadTo: (port) => {
      target = port
    },
    traffic,
    close: () => {
      cut()
      server.close()
    },
  }
}
