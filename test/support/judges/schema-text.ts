import { once } from 'node:events'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { pgDump } from '@electric-sql/pglite-tools/pg_dump'
import type { ClientConfig } from 'pg'
import { compareLines, stripQualifiers } from './fingerprint.ts'

const patience = 60_000

/**
 * What pg_dump -s writes about a database: the text of the real pg_dump, in the form the npm package exports, on a wire of
 * the judges' own.
 */
export function schemaText(connection: ClientConfig, args: readonly string[] = []): Promise<string> {
  return dumpText(connection, ['-s', ...args])
}

/** What pg_dump writes with these arguments. */
export async function dumpText(connection: ClientConfig, args: readonly string[]): Promise<string> {
  const { port1: port, port2 } = new MessageChannel()
  const wake = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('dump-worker.ts', import.meta.url), {
    workerData: { connection, port: port2, wake },
    transferList: [port2],
  })
  const failed = once(worker, 'error').then(([error]) => Promise.reject(error))
  failed.catch(() => undefined)
  try {
    const [parameters] = await Promise.race([once(port, 'message') as Promise<[Record<string, string>]>, failed])
    const server = new Wire(port, wake, parameters)
    const pg = {
      execProtocolRawStream: (bytes: Uint8Array, { onRawData }: { onRawData(answer: Uint8Array): void }) =>
        onRawData(server.answer(bytes)),
      query: async () => ({ rows: [{ search_path: 'public' }] }),
      exec: async () => [],
    }
    const file = await pgDump({ pg: pg as unknown as Parameters<typeof pgDump>[0]['pg'], args: [...args] })
    return await file.text()
  } finally {
    port.postMessage('end')
    await once(worker, 'exit')
  }
}

/** Statements that only one side's dump has; their order does not count, it follows object ids where names do not decide. */
export function compareSchemaTexts(source: string, destination: string): readonly string[] {
  const sameMajor = majorOf(source) === majorOf(destination)
  return compareLines(statements(source), statements(destination), sameMajor ? undefined : acrossMajors)
}

function majorOf(text: string): string | undefined {
  return /^-- Dumped from database version (\d+)/m.exec(text)?.[1]
}

/** The dump's entries, one line each, without the ledger's. */
function statements(text: string): readonly string[] {
  const [body = ''] = text.split('\n--\n-- PostgreSQL database dump complete', 1)
  const entries = body.split(/^--\n-- (?=Name: )/m).slice(1)
  return (
    entries
      .filter((entry) => !/^Name: .*; Schema: sampan;|^Name: sampan; Type: SCHEMA|^Name: SCHEMA sampan;/.test(entry))
      // What initdb has made before 15 is named, and not made.
      .filter(
        (entry) => !(entry.startsWith('Name: public; Type: SCHEMA;') && entry.includes('-- *not* creating schema')),
      )
      // Where pg_dump changes its settings between two entries depends on their order.
      .map((entry) =>
        entry
          .replaceAll(/^SET default_\w+ = .*;$/gm, '')
          .replaceAll(/\s+/g, ' ')
          .trim(),
      )
  )
}

/** From 11 on triggers execute a FUNCTION, from 16 on queries have fewer qualifiers, from 18 on NOT NULL constraints have names. */
function acrossMajors(entry: string): string {
  const isQuery = /^Name: .*; Type: (VIEW|MATERIALIZED VIEW|RULE|POLICY);|\bBEGIN ATOMIC\b/.test(entry)
  const spoken = entry.startsWith('Name: ') ? entry.replace(/\bEXECUTE PROCEDURE\b/, 'EXECUTE FUNCTION') : entry
  return (isQuery ? stripQualifiers(spoken) : spoken).replaceAll(
    / CONSTRAINT (?:"(?:[^"]|"")+"|[\w$]+) NOT NULL/g,
    ' NOT NULL',
  )
}

/** Answers at once what libpq sends, because the program in WebAssembly cannot wait: this thread sleeps in its place. */
class Wire {
  readonly #port: MessagePort
  readonly #wake: Int32Array
  readonly #parameters: Readonly<Record<string, string>>
  #pending = Buffer.alloc(0)
  #started = false
  #seen: number

  constructor(port: MessagePort, wake: Int32Array, parameters: Readonly<Record<string, string>>) {
    this.#port = port
    this.#wake = wake
    this.#parameters = parameters
    this.#seen = Atomics.load(wake, 0)
  }

  answer(bytes: Uint8Array): Uint8Array {
    // A copy: the memory of the program may move.
    this.#pending = Buffer.concat([this.#pending, bytes])
    const answers: Uint8Array[] = []
    for (let message = this.#next(); message !== null; message = this.#next()) answers.push(this.#answerOne(message))
    return Buffer.concat(answers)
  }

  /** One complete message, or `null` until the rest of it has come. Only a query can be longer than libpq's buffer. */
  #next(): Buffer | null {
    const head = this.#started ? 1 : 0
    if (this.#pending.length < head + 4) return null
    const end = head + this.#pending.readUInt32BE(head)
    if (this.#pending.length < end) return null
    const message = this.#pending.subarray(0, end)
    this.#pending = this.#pending.subarray(end)
    return message
  }

  #answerOne(message: Buffer): Uint8Array {
    if (!this.#started) {
      // 196608 is protocol 3.0; the other numbers ask for TLS or GSS, which 'N' declines.
      if (message.readUInt16BE(4) !== 3) return Buffer.from('N')
      this.#started = true
      return this.#greeting()
    }
    // Terminate: the connection is the worker's to close.
    if (message[0] === 0x58) return Buffer.alloc(0)
    this.#port.postMessage(Uint8Array.from(message))
    return this.#receive()
  }

  #receive(): Uint8Array {
    if (Atomics.wait(this.#wake, 0, this.#seen, patience) === 'timed-out')
      throw new Error('the server does not answer pg_dump')
    this.#seen += 1
    const received = receiveMessageOnPort(this.#port) as { message: Uint8Array } | undefined
    if (received === undefined || received.message.length === 0) throw new Error('the server has left pg_dump alone')
    return received.message
  }

  #greeting(): Buffer {
    const parameters = Object.entries(this.#parameters).map(([name, value]) =>
      frame('S', Buffer.from(`${name}\0${value}\0`)),
    )
    return Buffer.concat([
      frame('R', Buffer.alloc(4)),
      ...parameters,
      frame('K', Buffer.alloc(8)),
      frame('Z', Buffer.from('I')),
    ])
  }
}

function frame(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 0)
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
