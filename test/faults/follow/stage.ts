import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import type { Server } from '../../../local/servers/server.ts'
import { type Login, sideOf } from '../../support/run.ts'
import { openRelay, type TcpRelay } from '../../support/tcp-relay.ts'
import { ask } from '../ask.ts'
import { loginOf, type Pair, startDestination, startSource } from '../servers.ts'
import type { Side } from '../steps.ts'

export interface FollowPlace {
  readonly server: Server
  readonly relay: TcpRelay
  readonly at: Login
}

/** A run that follows, and where it can be got at. */
export interface FollowStage {
  /** Of the run and of both databases. */
  readonly name: string
  readonly task: string
  readonly out: string
  readonly places: Readonly<Record<Side, FollowPlace>>
  close(): Promise<void>
}

/** A source that may be followed, and a destination. */
export async function startFollowPair(): Promise<Pair> {
  const settings = {
    ...{ wal_level: 'logical', max_prepared_transactions: '10', max_replication_slots: '10', max_wal_senders: '10' },
    // Two writers that wait for each other are no part of the test.
    deadlock_timeout: '100ms',
  }
  const [source, destination] = await Promise.all([startSource({ settings }), startDestination()])
  const stop = async () => {
    await Promise.all([source.stop(), destination.stop()])
  }
  return { source, destination, stop }
}

export async function openFollowStage(seed: number, pair: Pair): Promise<FollowStage> {
  const name = `follow-${seed}`
  const directory = await mkdtemp(join(tmpdir(), 'sampan-follow-'))
  const sql = await readFile(new URL('schema.sql', import.meta.url), 'utf8')
  const places = { source: await openPlace(pair.source), destination: await openPlace(pair.destination) }
  for (const { at } of Object.values(places)) await ask(at, 'postgres', `CREATE DATABASE "${name}" TEMPLATE template0`)
  await ask(places.source.at, name, sql)
  const side = ({ at, relay }: FollowPlace) => sideOf({ ...at, port: relay.port })
  const task: TaskInput = {
    ...{ name, mode: 'follow', follow: {}, lanes: 2, chunkMegabytes: 1 },
    ...{ source: side(places.source), destination: side(places.destination), databases: [{ name }] },
    precheck: { acknowledge: ['DST_VERSION_DIFFERS', 'FOLLOW_CHANGES_IDENTITY'] },
  }
  await writeFile(join(directory, 'task.json'), JSON.stringify(task))
  return {
    ...{ name, places, task: join(directory, 'task.json'), out: join(directory, 'out') },
    async close() {
      for (const { at, relay } of Object.values(places)) {
        relay.close()
        await ask(at, 'postgres', `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`).catch(() => {})
      }
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function openPlace(server: Server): Promise<FollowPlace> {
  return { server, relay: await openRelay({ port: server.port }), at: loginOf(server) }
}
