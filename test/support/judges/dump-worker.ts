/**
 * The thread that talks to the server for a pg_dump that cannot wait: it sends what it is given, collects the answer up to
 * ReadyForQuery, and wakes the thread that sleeps on `wake`.
 */
import { type MessagePort, workerData } from 'node:worker_threads'
import pg from 'pg'

interface Work {
  readonly connection: pg.ClientConfig
  readonly port: MessagePort
  readonly wake: Int32Array
}

/** What of the driver's inside is needed: the socket, once it has logged in. */
interface Inside {
  readonly connection: NodeJS.EventEmitter & { readonly stream: NodeJS.ReadWriteStream }
}

const { connection, port, wake } = workerData as Work
const client = new pg.Client(connection)
client.on('error', () => undefined)
const inside = (client as unknown as Inside).connection
const parameters: Record<string, string> = {}
inside.on('parameterStatus', (message: { parameterName: string; parameterValue: string }) => {
  parameters[message.parameterName] = message.parameterValue
})
await client.connect()

const socket = inside.stream
socket.removeAllListeners('data')
let answer = Buffer.alloc(0)
let scanned = 0

socket.on('data', (bytes: Buffer) => {
  answer = Buffer.concat([answer, bytes])
  while (answer.length >= scanned + 5) {
    const end = scanned + 1 + answer.readUInt32BE(scanned + 1)
    if (answer.length < end) return
    const isReady = answer[scanned] === 0x5a
    scanned = end
    if (isReady) send()
  }
})
socket.on('close', () => send())

function send(): void {
  port.postMessage(answer.subarray(0, scanned))
  answer = answer.subarray(scanned)
  scanned = 0
  Atomics.add(wake, 0, 1)
  Atomics.notify(wake, 0)
}

port.on('message', (message: Uint8Array | 'end') => {
  if (message === 'end') {
    socket.end()
    port.close()
  } else socket.write(message)
})
port.postMessage(parameters)
