import { createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** What a false server answers to one message of the client; `null`: nothing. */
export type Answer = (message: Buffer, turn: number, socket: Socket) => Buffer | null

/**
 * Something on 127.0.0.1 that passes for a PostgreSQL server, or for none. It answers message by message, the first of
 * which is the startup packet, and is gone when the test has ended.
 * @returns its port
 */
export async function falseServer(answer: Answer): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let turn = 0
    let rest = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      for (let length = messageLength(rest, turn); length <= rest.length; length = messageLength(rest, turn)) {
        const said = answer(rest.subarray(0, length), turn, socket)
        rest = rest.subarray(length)
        turn += 1
        if (said !== null && !socket.destroyed) socket.write(said)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}

/** The startup packet has no type byte; nothing is whole before its length is known. */
function messageLength(bytes: Buffer, turn: number): number {
  const prefix = turn === 0 ? 0 : 1
  return bytes.length < prefix + 4 ? Number.POSITIVE_INFINITY : prefix + bytes.readInt32BE(prefix)
}

/** A message of the server: its type, and its body or the length it only says. */
export function message(type: string, ...parts: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  return announced(type, body.length + 4, body)
}

export function announced(type: string, length: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.from(`${type}0000`)
  header.writeInt32BE(length, 1)
  return Buffer.concat([header, body])
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

/** What follows the login of a server that lets in, by a process of this number. */
export const greetingOf = (pid: number, version = '15.18') =>
  Buffer.concat([
    message('R', int32(0)),
    message('S', 'server_version\0', `${version}\0`),
    message('S', 'server_encoding\0', 'UTF8\0'),
    message('K', int32(pid), int32(1)),
    message('Z', 'I'),
  ])

export const greeting = greetingOf(4711)

/** One column, and one row of it. */
export function answerOf(value: string): Buffer {
  return Buffer.concat([
    message('T', int16(1), 'a\0', Buffer.alloc(6), int32(25), int16(0xffff), int32(-1), int16(0)),
    message('D', int16(1), int32(Buffer.byteLength(value)), value),
    message('C', 'SELECT 1\0'),
    message('Z', 'I'),
  ])
}
