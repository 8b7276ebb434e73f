import { readFile } from 'node:fs/promises'
import { carelessSettings, type Server, type ServerOptions, startServer } from '../../local/servers/server.ts'
import type { Login } from '../support/run.ts'
import { serversPlace } from '../support/temporary.ts'
import { ask } from './ask.ts'

export const SOURCE_DATABASE = 'nasty'

const settings = { ...carelessSettings, max_connections: '60', shared_buffers: '32MB', max_wal_size: '1GB' }

/** A source with the nasty database, and an empty destination: of one case after the other, never of two at once. */
export interface Pair {
  readonly source: Server
  readonly destination: Server
  stop(): Promise<void>
}

export async function startPair(): Promise<Pair> {
  const [source, destination] = await Promise.all([startSource(), startDestination()])
  return {
    source,
    destination,
    stop: async () => {
      await Promise.all([source.stop(), destination.stop()])
    },
  }
}

/** A server 15 with the nasty database in it. */
export async function startSource(options: Partial<ServerOptions> = {}): Promise<Server> {
  const server = await startServer({
    ...serversPlace,
    major: 15,
    ...options,
    settings: { ...settings, ...options.settings },
  })
  await ask(loginOf(server), 'postgres', `CREATE DATABASE ${SOURCE_DATABASE}`)
  await ask(loginOf(server), SOURCE_DATABASE, await readFile(new URL('nasty.sql', import.meta.url), 'utf8'))
  return server
}

/** A server 18 without anything in it. */
export async function startDestination(options: Partial<ServerOptions> = {}): Promise<Server> {
  return startServer({ ...serversPlace, major: 18, ...options, settings: { ...settings, ...options.settings } })
}

export function loginOf({ host, port, superuser: user, password }: Server): Login {
  return { host, port, user, password }
}
