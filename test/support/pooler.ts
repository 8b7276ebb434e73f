import { createServer, type Socket } from 'node:net'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { greetingOf, message } from './false-server.ts'
import type { TestDatabase } from './servers.ts'

export interface PoolerOptions {
  /** `transaction`: a server connection is dealt out for a transaction. `session`: for as long as the client stays. */
  readonly mode: 'transaction' | 'session'
  /** Which one is dealt out next. */
  readonly next: 'latest' | 'oldest'
  /** Names the process of a server connection as its own, as some poolers do. */
  readonly passesPid?: boolean
  /** @default 2 */
  readonly connections?: number
}

export interface Pooler {
  readonly port: number
  /** What a session of the application, which sets nothing, finds in each server connection. */
  settings(names: readonly string[]): Promise<readonly Record<string, string>[]>
}

interface Backend {
  readonly client: pg.Client
  readonly socket: Socket
  answer: (bytes: Buffer) => void
}

const READY = 0x5a
const IDLE = 'I'.charCodeAt(0)

/** A small pooler between clients, which it lets in without a password, and a few connections to one database. */
export async function startPooler(database: TestDatabase, options: PoolerOptions): Promise<Pooler> {
  const all = await Promise.all(Array.from({ length: options.connections ?? 2 }, () => backendOf(database)))
  const free = [...all]
  const version = String((await database.query('SHOW server_version'))[0]?.server_version)
  const waiting: ((backend: Backend) => void)[] = []
  const take = async () =>
    (options.next === 'latest' ? free.pop() : free.shift()) ?? new Promise<Backend>((resolve) => waiting.push(resolve))
  const giveBack = (backend: Backend) => {
    const next = waiting.shift()
    if (next === undefined) free.push(backend)
    else next(backend)
  }
  const server = createServer({ noDelay: true }, (near) => {
    near.on('error', () => {})
    serve(near, version, options, take, giveBack)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.close()
    for (const { socket } of all) socket.destroy()
  })
  return {
    port: (server.address() as { port: number }).port,
    settings: (names) => Promise.all(all.map((backend) => settingsOf(backend, names))),
  }
}

async function backendOf(database: TestDatabase): Promise<Backend> {
  const client = new pg.Client({ ...database.connection, application_name: 'pooler' })
  client.on('error', () => {})
  await client.connect()
  const { stream: socket } = (client as unknown as { connection: { stream: Socket } }).connection
  socket.removeAllListeners('data')
  const backend: Backend = { client, socket, answer: () => {} }
  socket.on('data', (bytes) => backend.answer(bytes))
  return backend
}

/** One client. Statements wait for a server connection; each Query or Sync is answered with a ReadyForQuery. */
function serve(
  near: Socket,
  version: string,
  options: PoolerOptions,
  take: () => Promise<Backend>,
  giveBack: (one: Backend) => void,
): void {
  let backend: Backend | null = null
  let asked = 0
  let gone = false
  let status = IDLE
  let turn = 0
  let rest = Buffer.alloc(0)
  let queue = Promise.resolve()
  const release = () => {
    const done = backend
    backend = null
    if (done !== null) giveBack(done)
  }
  const settle = () => {
    if (asked > 0) return
    // Nobody gets a transaction of somebody else's.
    if (gone && status !== IDLE && backend !== null) {
      asked = 1
      backend.socket.write(message('Q', 'ROLLBACK\0'))
    } else if (gone || (status === IDLE && options.mode === 'transaction')) release()
  }
  const assign = (taken: Backend) => {
    backend = taken
    const messages = cutter((type, body) => {
      if (type !== READY) return
      asked -= 1
      status = body[0] ?? IDLE
      settle()
    })
    taken.answer = (answered) => {
      if (!gone) near.write(answered)
      messages(answered)
    }
    return taken
  }
  const send = async (bytes: Buffer) => {
    const taken = backend ?? assign(await take())
    if (bytes[0] === 0x51 || bytes[0] === 0x53) asked += 1
    taken.socket.write(bytes)
  }
  const greet = async () => {
    const named = options.passesPid ? await take() : null
    const pid = (named?.client as unknown as { processID: number } | undefined)?.processID ?? 4711
    near.write(greetingOf(pid, version))
    if (named !== null && options.mode === 'session') assign(named)
    else if (named !== null) giveBack(named)
  }
  near.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const prefix = turn === 0 ? 0 : 1
      if (rest.length < prefix + 4 || rest.length < prefix + rest.readInt32BE(prefix)) return
      const whole = Buffer.from(rest.subarray(0, prefix + rest.readInt32BE(prefix)))
      rest = rest.subarray(whole.length)
      const first = turn === 0
      turn += 1
      if (whole[0] === 0x58) near.end()
      else queue = queue.then(() => (first ? greet() : send(whole)))
    }
  })
  near.on('close', () => {
    gone = true
    void queue.then(settle)
  })
}

/** Calls back for each whole message of a stream. */
function cutter(told: (type: number, body: Buffer) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= 5 && rest.length >= 1 + rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1)
      told(rest[0] ?? 0, rest.subarray(5, end))
      rest = rest.subarray(end)
    }
  }
}

function settingsOf(backend: Backend, names: readonly string[]): Promise<Record<string, string>> {
  return new Promise((resolve) => {
    const found: Record<string, string> = {}
    let at = 0
    const ask = () => backend.socket.write(message('Q', `SHOW ${names[at]}\0`))
    backend.answer = cutter((type, body) => {
      if (type === 0x44) found[names[at] ?? ''] = body.toString('utf8', 6)
      if (type !== READY) return
      at += 1
      if (at < names.length) ask()
      else resolve(found)
    })
    ask()
  })
}
