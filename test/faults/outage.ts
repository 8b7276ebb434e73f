import { setTimeout as sleep } from 'node:timers/promises'
import { postmasterPid } from '../../local/servers/directory.ts'
import { sendSignal } from '../../local/servers/process-table.ts'
import type { Server } from '../../local/servers/server.ts'
import type { TcpRelay } from '../support/tcp-relay.ts'
import { ask } from './ask.ts'
import type { Failover, Restart } from './fault.ts'
import { loginOf, SOURCE_DATABASE } from './servers.ts'
import type { Place } from './stage.ts'
import type { Standby } from './standby.ts'

/** A time in which a server is not there, ended some moments after the run has met it; false where it never did. */
async function outage(relay: TcpRelay, away: number, over: AbortSignal, change: () => Promise<number>) {
  const { open, connections } = relay.traffic
  relay.leadTo(null)
  const port = await change()
  relay.cut()
  const met = open > 0 || (await seen(relay, connections, over))
  await sleep(away)
  relay.leadTo(port)
  return met
}

/** Waits until somebody has come to the relay; false where the run is over before. */
export async function seen(relay: TcpRelay, connections: number, over: AbortSignal): Promise<boolean> {
  while (relay.traffic.connections === connections) {
    if (over.aborted) return false
    await sleep(5)
  }
  return true
}

/** Restarts the server in place. What it kept in memory is gone, exported snapshots among it; what it had committed is not. */
export async function restart(place: Place, { how, away, written }: Restart, over: AbortSignal): Promise<boolean> {
  const { relay, server, at } = place
  return outage(relay, away, over, async () => {
    if (how === 'crash') await server.kill()
    if (how === 'immediate') stopImmediately(server)
    await server.restart()
    if (written) {
      await ask(at, 'postgres', `CREATE DATABASE before TEMPLATE ${SOURCE_DATABASE}`)
      place.before = once(async () => {
        await ask(at, 'postgres', `DROP DATABASE ${SOURCE_DATABASE} WITH (FORCE)`)
        await ask(at, 'postgres', `ALTER DATABASE before RENAME TO ${SOURCE_DATABASE}`)
        return at
      })
      await ask(at, SOURCE_DATABASE, WRITES)
    }
    return at.port
  })
}

function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let begun: Promise<Result> | null = null
  return () => {
    begun ??= work()
    return begun
  }
}

/** What `pg_ctl stop -m immediate` sends: no checkpoint, every session is told to go at once. */
export function stopImmediately({ directory }: Server): void {
  const pid = postmasterPid(directory)
  if (pid !== null) sendSignal(pid, 'SIGQUIT')
}

/** Rows change, come and go in tables with and without a key, and nothing that is no row. */
const WRITES = `
  INSERT INTO heap_log SELECT 'after', now() FROM generate_series(1, 7);
  DELETE FROM heap_log WHERE ctid IN (SELECT ctid FROM heap_log LIMIT 3);
  UPDATE customer SET score = score + 1 WHERE id % 100 = 0;
  UPDATE "Order" SET amount = 1 WHERE id % 500 = 0;
  DELETE FROM by_mood WHERE n = 3;`

/** Fails the side over to its standby, for good. */
export async function failOver(place: Place, { away, written }: Failover, over: AbortSignal): Promise<boolean> {
  const { relay, server, standby } = place
  if (standby === null) return false
  return outage(relay, away, over, async () => {
    await promote(server, relay, standby)
    if (written) {
      place.before = once(() => server.restart().then(() => loginOf(server)))
      await ask(standby, SOURCE_DATABASE, WRITES)
    }
    place.at = standby
    place.directory = standby.directory
    return standby.port
  })
}

/** Kills the primary and makes its standby the primary; the relay leads nowhere until somebody says where. */
export async function promote(primary: Server, relay: TcpRelay, standby: Standby): Promise<void> {
  await primary.kill()
  relay.leadTo(null)
  relay.cut()
  await standby.promote()
}
