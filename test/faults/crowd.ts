import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Login } from '../support/run.ts'
import { enter } from './ask.ts'
import type { Crowd } from './fault.ts'
import { seen } from './outage.ts'
import type { Place } from './stage.ts'

/** Connections that leave no other one free. */
export interface Taken {
  /** Takes those that have become free since. */
  again(): Promise<void>
  leave(): Promise<void>
}

export async function takeAllConnections(login: Login): Promise<Taken> {
  const held: pg.Client[] = []
  const again = async () => {
    for (;;) {
      try {
        held.push(await enter(login, 'postgres'))
      } catch {
        return
      }
    }
  }
  await again()
  return { again, leave: async () => void (await Promise.all(held.splice(0).map((client) => client.end()))) }
}

/**
 * Takes all connections of a server, the run's own too, until the run has asked for one in vain for a while. Nobody comes
 * in while they are being taken: the run would be faster.
 */
export async function crowd({ relay, at }: Place, { away }: Crowd, over: AbortSignal): Promise<boolean> {
  relay.leadTo(null)
  relay.cut()
  const taken = await takeAllConnections(at)
  const { connections } = relay.traffic
  relay.leadTo(at.port)
  const stop = new AbortController()
  const taking = (async () => {
    while (!stop.signal.aborted) {
      await taken.again()
      await sleep(5)
    }
  })()
  const met = await seen(relay, connections, over)
  if (met) await sleep(away)
  stop.abort()
  await taking
  await taken.leave()
  return met
}
