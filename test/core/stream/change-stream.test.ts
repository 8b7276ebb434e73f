import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { ChangeStream, streamLimits } from '../../../lambdas/core/stream/change-stream.ts'

const LIMITS = { ...streamLimits }
/** More than the network's own buffers hold. */
const ROWS = 40_000

const PADDING = ' '.repeat(400)

/** An INSERT of one row of one number, as a walsender sends it: CopyData, XLogData, and the message. */
function insert(value: number): Buffer {
  const text = Buffer.from(`${value}${PADDING}`)
  const body = Buffer.alloc(25 + 1 + 4 + 1 + 2 + 1 + 4)
  body.write('w', 0)
  body.write('I', 25)
  body.writeInt32BE(7, 26)
  body.write('N', 30)
  body.writeInt16BE(1, 31)
  body.write('t', 33)
  body.writeInt32BE(text.length, 34)
  const head = Buffer.alloc(5)
  head.write('d', 0)
  head.writeInt32BE(4 + body.length + text.length, 1)
  return Buffer.concat([head, body, text])
}

test('what waits to be applied is bounded by what it needs in memory, and nothing of it is lost', async () => {
  Object.assign(streamLimits, { waiting: 1_000_000, taken: 200_000 })
  let sent = 0
  const server = createServer(async (socket: Socket) => {
    socket.on('error', () => {})
    socket.resume()
    // CopyBothResponse, text, no columns.
    socket.write(Buffer.from([0x57, 0, 0, 0, 7, 0, 0, 0]))
    while (sent < ROWS) {
      const some = Array.from({ length: 1000 }, (_, index) => insert(sent + index))
      sent += some.length
      if (!socket.write(Buffer.concat(some))) await once(socket, 'drain')
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
  await once(socket, 'connect')
  const client = { connection: { stream: socket } }
  const session = { client, destroy: () => socket.destroy() } as unknown as Session
  const stream = new ChangeStream(session, { slot: 's', publication: 'p', from: 0n })
  try {
    let next = 0
    for (let before = -1; before !== sent; ) {
      before = sent
      await sleep(100)
    }
    // What fits besides is in the network's own buffers.
    expect(sent).toBeLessThan(ROWS)
    const first = await stream.take(5_000)
    expect(first.length).toBeLessThan(500)
    for (let taken = first; ; taken = await stream.take(5_000)) {
      expect(taken.length).toBeLessThan(500)
      for (const arrival of taken)
        if (arrival.kind === 'change' && arrival.message.kind === 'insert') {
          if (Number(arrival.message.row[0]) !== next) throw new Error(`${arrival.message.row[0]} instead of ${next}`)
          next += 1
        }
      if (next >= ROWS) break
    }
    expect(next).toBe(ROWS)
  } finally {
    Object.assign(streamLimits, LIMITS)
    await stream.end()
    server.close()
  }
})
