import { createServer } from 'node:net'

/** A TCP port that was free on 127.0.0.1 a moment ago. PostgreSQL itself cannot be asked to choose one. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port)
        else reject(new Error('the probe has no address'))
      })
    })
  })
}
