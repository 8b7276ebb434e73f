import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serverAccount } from '../../local/servers/account.ts'
import { findBinaries } from '../../local/servers/binaries.ts'
import { dataDirectory, makeDirectory, removeDirectory } from '../../local/servers/directory.ts'
import { forget, keep } from '../../local/servers/keeping.ts'
import { findFreePort } from '../../local/servers/port.ts'
import { startPostmaster, stopFast } from '../../local/servers/postmaster.ts'
import type { Server } from '../../local/servers/server.ts'
import type { Login } from '../support/run.ts'
import { ask } from './ask.ts'

/** A streaming standby of a server of this machine. */
export interface Standby extends Login {
  readonly directory: string
  /** Makes it the primary and waits until it takes writes. */
  promote(): Promise<void>
  stop(): Promise<void>
}

/** What the primary must be started with. */
export const primarySettings = { wal_level: 'replica', max_wal_senders: '4', hot_standby: 'on' } as const

/**
 * Makes a standby by a cold copy of the data directory (the servers out of npm come without pg_basebackup): the primary is
 * killed for a moment, copied, and started again; the standby recovers as after a crash and then streams.
 */
export async function startStandby(primary: Server): Promise<Standby> {
  const account = serverAccount()
  const directory = makeDirectory()
  keep(directory)
  const binaries = await findBinaries(primary.major, account, directory)
  await primary.kill()
  // With owner and mode, which the server insists on.
  await promisify(execFile)('cp', ['-a', dataDirectory(primary.directory), dataDirectory(directory)])
  await primary.restart()
  const data = dataDirectory(directory)
  rmSync(join(data, 'postmaster.pid'), { force: true })
  await writeFile(join(data, 'standby.signal'), '')
  const login = `host=127.0.0.1 port=${primary.port} user=${primary.superuser} password=${primary.password}`
  await appendFile(join(data, 'postgresql.conf'), `primary_conninfo = '${login}'\n`)
  const port = await findFreePort()
  const postmaster = await startPostmaster(binaries, account, directory, port)
  const { host, superuser: user, password } = primary
  const standby: Login = { host, port, user, password }
  return {
    ...standby,
    directory,
    async promote() {
      await ask(standby, 'postgres', 'SELECT pg_promote(true, 30)')
    },
    async stop() {
      await stopFast(postmaster)
      removeDirectory(directory)
      forget(directory)
    },
  }
}

/** Waits until the standby has replayed all that the primary has written. */
export async function awaitReplay(primary: Login, standby: Login): Promise<void> {
  const [row] = await ask(primary, 'postgres', 'SELECT pg_current_wal_flush_lsn() AS lsn')
  for (;;) {
    const [state] = await ask(standby, 'postgres', `SELECT pg_last_wal_replay_lsn() >= '${row?.lsn}' AS replayed`)
    if (state?.replayed === 't') return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * Makes commits wait until the standby has them too, from now on: a failover loses no commit that was acknowledged then.
 * What a run has done is only as safe as its destination, and a destination that forgets commits is no fault to get over.
 */
export async function waitForStandby(primary: Login): Promise<void> {
  await ask(primary, 'postgres', `ALTER SYSTEM SET synchronous_standby_names = '*'`)
  await ask(primary, 'postgres', 'SELECT pg_reload_conf()')
  for (;;) {
    const [row] = await ask(primary, 'postgres', 'SELECT sync_state FROM pg_stat_replication')
    if (row?.sync_state === 'sync') return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
