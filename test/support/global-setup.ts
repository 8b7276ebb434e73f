import type { TestProject } from 'vitest/node'
import type { Major } from '../../local/servers/binaries.ts'
import { carelessSettings, type Server, startServer } from '../../local/servers/server.ts'
import { serversPlace } from './temporary.ts'

/** How a test reaches one of the servers of the whole run; a plain value, because it crosses to the workers. */
export interface ServerAddress {
  readonly major: Major
  readonly host: string
  readonly port: number
  readonly superuser: string
  readonly password: string
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: { readonly 15: ServerAddress; readonly 18: ServerAddress }
  }
}

const settings = {
  ...carelessSettings,
  synchronous_commit: 'off',
  max_connections: '200',
  max_wal_size: '4GB',
  shared_buffers: '64MB',
}

/** One server of each major for the entire run, about a second. Tests that kill servers start their own. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const [fifteen, eighteen] = await Promise.all([
    startServer({ ...serversPlace, major: 15, settings }),
    startServer({ ...serversPlace, major: 18, settings }),
  ])
  project.provide('servers', { 15: address(fifteen), 18: address(eighteen) })
  return async () => {
    await Promise.all([fifteen.stop(), eighteen.stop()])
  }
}

function address({ major, host, port, superuser, password }: Server): ServerAddress {
  return { major, host, port, superuser, password }
}
