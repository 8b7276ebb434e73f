import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'

export interface FakeRdsLogin {
  readonly port: number
  /** Users whose token held, in order, and each token once. */
  readonly tokens: string[]
  stop(): Promise<void>
}

interface Options {
  /** The server behind, which lets the users in without a password. */
  readonly backend: number
  readonly certificate: { readonly cert: string; readonly key: string }
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

/**
 * What RDS is to a client that logs in by IAM: TLS only, the password in clear text inside it, and the password a request
 * signed by an AWS key (checked by an implementation of its own). What comes after goes to a real server.
 */
export async function startFakeRdsLogin(options: Options): Promise<FakeRdsLogin> {
  const tokens: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((raw) => {
    sockets.add(raw)
    raw.on('error', () => {})
    void admit(raw, options, tokens, `127.0.0.1:${port()}`, sockets).catch(() => raw.destroy())
  })
  const port = () => (server.address() as { port: number }).port
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: port(),
    tokens,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function admit(raw: Socket, options: Options, tokens: string[], address: string, sockets: Set<Socket>) {
  const request = await untyped(raw)
  if (request.readInt32BE(4) !== 80877103) return refuse(raw, 'no pg_hba.conf entry for host, no encryption')
  raw.write('S')
  const secure = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext(options.certificate) })
  secure.on('error', () => raw.destroy())
  const startup = await untyped(secure)
  const words = startup.subarray(8).toString().split('\0')
  const user = words[words.indexOf('user') + 1] ?? ''
  secure.write(Buffer.from('R\0\0\0\x08\0\0\0\x03', 'latin1'))
  const typed = await read(secure, (bytes) => (bytes.length > 5 && bytes.length > bytes.readInt32BE(1) ? bytes : null))
  const token = typed.subarray(5, -1).toString()
  const refused = checkToken(token, user, address, options)
  if (refused !== null) return refuse(secure, `PAM authentication failed for user "${user}"`)
  tokens.push(token)
  const backend = connect(options.backend, '127.0.0.1')
  sockets.add(backend)
  for (const [one, other] of [
    [secure, backend],
    [backend, secure],
  ] as const) {
    one.on('close', () => other.destroy())
    one.on('error', () => other.destroy())
  }
  backend.write(startup)
  secure.pipe(backend).pipe(secure)
}

/** A message without a type: its length, then the rest. */
const untyped = (socket: Socket) => read(socket, (bytes) => (bytes.length >= 8 ? bytes : null))

function read(socket: Socket, whole: (bytes: Buffer) => Buffer | null): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0)
    const onData = (more: Buffer) => {
      bytes = Buffer.concat([bytes, more])
      const message = whole(bytes)
      if (message === null) return
      socket.off('data', onData)
      socket.pause()
      resolve(message)
    }
    socket.on('data', onData)
    socket.resume()
    socket.once('close', () => reject(new Error('closed')))
  })
}

function refuse(socket: Socket, message: string): void {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C28000\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  socket.end(Buffer.concat([head, fields]))
}

/** Why a token does not hold; `null` where it does. */
function checkToken(token: string, user: string, address: string, options: Options): string | null {
  const url = new URL(`https://${token}`)
  const query = url.search.slice(1).split('&')
  const get = (name: string) => url.searchParams.get(name) ?? ''
  const [keyId, day, region, service] = get('X-Amz-Credential').split('/')
  if (url.host !== address || get('Action') !== 'connect' || get('DBUser') !== user) return 'another server or user'
  if (keyId !== options.accessKeyId || region !== options.region || service !== 'rds-db') return 'another key'
  if (get('X-Amz-Expires') !== '900') return 'another time'
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const signed = query.filter((pair) => !pair.startsWith('X-Amz-Signature=')).sort()
  const canonical = ['GET', '/', signed.join('&'), `host:${address}`, '', 'host', sha256('')].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', get('X-Amz-Date'), scope, sha256(canonical)].join('\n')
  const key = [day ?? '', region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${options.secretAccessKey}`,
  )
  const given = Buffer.from(get('X-Amz-Signature'), 'hex')
  const right = hmac(key, toSign)
  return given.length === right.length && timingSafeEqual(right, given) ? null : 'another signature'
}
