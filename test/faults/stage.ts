import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import type { Server } from '../../local/servers/server.ts'
import { type Login, sideOf } from '../support/run.ts'
import { openRelay, type TcpRelay } from '../support/tcp-relay.ts'
import { ask } from './ask.ts'
import type { FaultCase } from './case.ts'
import { keepBefore } from './ddl.ts'
import { loginOf, type Pair, SOURCE_DATABASE, startDestination, startSource } from './servers.ts'
import { awaitReplay, primarySettings, type Standby, startStandby, waitForStandby } from './standby.ts'
import type { Side } from './steps.ts'

/** One side of a migration, and how to get at it. */
export interface Place {
  readonly server: Server
  /** Where a failover leads to; `null` where the case has none on this side. */
  readonly standby: Standby | null
  /** What the run takes for the server. */
  readonly relay: TcpRelay
  /** Where the relay leads, but for an outage. */
  at: Login
  /** Of the server that is `at`. */
  directory: string
  /** Where it has been written to behind the run's back: brings back what was there before. May be called twice. */
  before: (() => Promise<Login>) | null
}

/** A migration of one case, and where it can be got at. */
export interface Stage {
  readonly fault: FaultCase
  /** Of the run and of the destination's database. */
  readonly name: string
  readonly task: string
  readonly out: string
  readonly places: Readonly<Record<Side, Place>>
  /** What was done, with the second of the run in which it was. */
  readonly log: string[]
  note(what: string): void
  close(): Promise<void>
}

/** Makes the destination's database and the task, and puts relays and standbys where the case wants them. */
export async function openStage(fault: FaultCase, pair: Pair): Promise<Stage> {
  const name = `fault-${fault.seed}`
  const directory = await mkdtemp(join(tmpdir(), 'sampan-fault-'))
  const failsOver = (side: Side) => fault.faults.some((one) => one.kind === 'failover' && one.side === side)
  const source = failsOver('source') ? await startSource({ settings: primarySettings }) : pair.source
  const destination = failsOver('destination')
    ? await startDestination({ settings: primarySettings })
    : pair.destination
  await ask(loginOf(destination), 'postgres', `CREATE DATABASE "${name}" TEMPLATE template0`)
  const places = {
    source: await openPlace(source, failsOver('source')),
    destination: await openPlace(destination, failsOver('destination')),
  }
  if (fault.kind === 'ddl') await keepBefore(places.source)
  const { standby } = places.destination
  if (standby !== null) await waitForStandby(loginOf(destination))
  const stage = { fault, name, task: join(directory, 'task.json'), out: join(directory, 'out'), places }
  await writeFile(stage.task, JSON.stringify(taskOf(stage)))
  const began = performance.now()
  const log: string[] = []
  return {
    ...stage,
    log,
    note: (what) => void log.push(`${what} (${((performance.now() - began) / 1000).toFixed(2)} s)`),
    async close() {
      for (const { relay, standby, server, before } of Object.values(places)) {
        relay.close()
        if (standby === null) {
          await before?.()
          continue
        }
        await standby.stop()
        await server.stop()
      }
      const drop = `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`
      if (standby === null) await ask(loginOf(destination), 'postgres', drop).catch(() => {})
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function openPlace(server: Server, failsOver: boolean): Promise<Place> {
  const standby = failsOver ? await startStandby(server) : null
  if (standby !== null) await awaitReplay(loginOf(server), standby)
  const relay = await openRelay({ port: server.port })
  return { server, standby, relay, at: loginOf(server), directory: server.directory, before: null }
}

function taskOf({ fault, name, places }: Pick<Stage, 'fault' | 'name' | 'places'>): TaskInput {
  const side = ({ at, relay }: Place) => sideOf({ ...at, port: relay.port })
  return {
    name,
    source: side(places.source),
    destination: side(places.destination),
    databases: [{ name: SOURCE_DATABASE, as: name }],
    lanes: fault.lanes,
    chunkMegabytes: 1,
    ...(fault.megabytes === null ? {} : { throttle: { megabytesPerSecond: fault.megabytes } }),
    precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
  }
}
