import { atFileEnd } from './file-end.ts'
import { openRelay, type RelayOptions, type TcpRelay } from './tcp-relay.ts'

/** A relay of one test file, closed when the file ends. */
export type Relay = TcpRelay

export async function startRelay(options: RelayOptions): Promise<Relay> {
  const relay = await openRelay(options)
  atFileEnd(() => relay.close())
  return relay
}
