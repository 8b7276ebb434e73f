import { createServer, type Socket, connect as tcpConnect } from 'node:net'
import { TLSSocket, connect as tlsConnect } from 'node:tls'
import { onTestFinished } from 'vitest'

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** Somebody between: ends the client's TLS with a certificate of his own, and speaks TLS to the server himself. */
export async function terminateTls(port: number, own: { key: string; cert: string }): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((near) => {
    const far = tcpConnect({ host: '127.0.0.1', port })
    sockets.push(near, far)
    for (const socket of [near, far]) socket.on('error', () => {})
    near.once('data', () => {
      far.write(SSL_REQUEST)
      far.once('data', () => {
        const behind = tlsConnect({ socket: far, rejectUnauthorized: false })
        near.write('S')
        const before = new TLSSocket(near, { isServer: true, ...own })
        for (const socket of [before, behind]) socket.on('error', () => {})
        before.pipe(behind).pipe(before)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}
