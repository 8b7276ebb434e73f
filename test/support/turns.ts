import { connect, createServer, type Socket } from 'node:net'
import { atFileEnd } from './file-end.ts'

/** A relay to a far server that counts how often somebody there was waited for. */
export interface TurnCounter {
  readonly port: number
  /** Times that a client went on after an answer, over all connections: round trips, without looks that found nothing. */
  turns(): number
}

/** Turns of a look: begin, ask, end, and what stands between. */
const LOOKED_BACK = 6
const BY_THE_CLOCK = /sampan:[^\0]*:(progress|keeper|watch)/

/** @param delay one way, milliseconds: without it two messages that are one flight look like two */
export async function countTurns(port: number, delay: number): Promise<TurnCounter> {
  let turns = 0
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: '127.0.0.1', port, noDelay: true })
    let answered = true
    let counted = true
    // What was sent first in the last turns. Who asks the same again looks by the clock: a busy machine lets it look more often.
    const asked: string[] = []
    near.on('data', (bytes: Buffer) => {
      // The start of a connection names its purpose. Who looks by the clock and holds nobody up does not count.
      if (BY_THE_CLOCK.test(bytes.toString('latin1', 0, 400))) counted = false
      if (answered && counted) {
        const question = bytes.toString('latin1')
        if (!asked.includes(question)) turns += 1
        asked.push(question)
        if (asked.length > LOOKED_BACK) asked.shift()
      }
      answered = false
      setTimeout(() => far.destroyed || far.write(bytes), delay)
    })
    far.on('data', (bytes) =>
      setTimeout(() => {
        answered = true
        if (!near.destroyed) near.write(bytes)
      }, delay),
    )
    endWith(near, far, delay)
    endWith(far, near, delay)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atFileEnd(() => server.close())
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, turns: () => turns }
}

function endWith(one: Socket, other: Socket, delay: number): void {
  one.on('error', () => other.destroy())
  one.on('close', () => setTimeout(() => other.destroy(), delay))
}
