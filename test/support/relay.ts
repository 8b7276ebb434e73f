import { afterAll } from 'vitest'
import { openRelay, type RelayOptions, type TcpRelay } from './tcp-relay.ts'

/** A relay of one test file, closed when the file ends. */
export type Relay = TcpRelay

const relays: TcpRelay[] = []
afterAll(() => {
  for (const relay of relays.splice(0)) relay.close()
})

export async function startRelay(options: RelayOptions): Promise<Relay> {
  const relay = await openRelay(options)
  relays.push(relay)
  return relay
}
