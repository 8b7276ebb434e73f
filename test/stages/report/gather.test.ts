import { expect, test } from 'vitest'
import type { ArtefactStore } from '../../../lambdas/core/cloud/artefact-store.ts'
import { readEnvironment } from '../../../lambdas/core/runtime/environment.ts'
import type { StepTools } from '../../../lambdas/core/runtime/step-handler.ts'
import { type Gathering, gatherDatabases } from '../../../lambdas/stages/report/gather.ts'
import { Room } from '../../../lambdas/stages/report/room.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

/** What Report is called with for so many databases, which are one: what is read of each is up to the test. */
async function manyDatabases(count: number) {
  const database = await createDatabase(sharedServer(18))
  const { task, ...event } = stepEvent({ ...database, name: 'source' }, database)
  const databases = Array.from({ length: count }, (_, number) => ({
    ...{ name: `d${number}`, as: database.name, include: ['*'], exclude: [] },
  }))
  const results = databases.map(({ name }) => ({ database: name, verdict: 'done' as const, error: null }))
  return {
    ...event,
    task: { ...task, databases: databases as unknown as typeof task.databases },
    results,
    failure: null,
    refused: false,
  }
}

function tools(remainingMilliseconds: () => number): StepTools {
  const signal = new AbortController().signal
  return { environment: readEnvironment(), signal, remainingMilliseconds } as unknown as StepTools
}

/** Nothing is written by them. */
const store = {} as ArtefactStore

function gathering(step: StepTools, openLedger: Gathering['openLedger']): Gathering {
  const side = { instance: null, host: 'h', port: 5432, region: null, user: null, tls: 'disable' }
  const sides = { source: side, destination: side }
  return { step, store, openLedger, common: { mode: 'migrate', validation: 'full', sides, room: new Room(1) } }
}

test('twelve ledgers are read at once, and one that does not answer holds up no other', async () => {
  const event = await manyDatabases(40)
  const held = Promise.withResolvers<null>()
  let begun = 0
  let atOnce = 0
  let most = 0
  const { databases, notes } = await gatherDatabases(
    event,
    gathering(
      tools(() => 900_000),
      async () => {
        begun += 1
        atOnce += 1
        most = Math.max(most, atOnce)
        // The first is answered when all others have been asked.
        if (begun === 40) held.resolve(null)
        if (begun === 1) await held.promise
        await new Promise((resolve) => setTimeout(resolve, 20))
        atOnce -= 1
        return null
      },
    ),
  )
  expect(most).toBeGreaterThan(4)
  expect(most).toBeLessThanOrEqual(12)
  expect(databases.map(({ name }) => name)).toEqual(event.task.databases.map(({ name }) => name))
  expect(notes).toHaveLength(40)
})

test('a call whose time is nearly used reads no more ledgers, and says how many it has not read', async () => {
  const event = await manyDatabases(30)
  let read = 0
  const remaining = () => (read < 5 ? 900_000 : 30_000)
  const { databases, notes, unread } = await gatherDatabases(
    event,
    gathering(tools(remaining), async () => {
      read += 1
      return null
    }),
  )
  expect(databases).toHaveLength(30)
  expect(databases.every(({ status }) => status === 'failed')).toBe(true)
  expect(unread).toHaveLength(30)
  expect(read).toBeLessThan(30)
  expect(notes.at(-1)).toBe(`the ledgers of ${30 - read} of 30 databases were not read: the call’s time was used up`)
})

test('details that cannot be written leave the report with its totals, and are told', async () => {
  const event = await manyDatabases(1)
  const part = { relations: [], sequences: [], differences: [], computed: [], events: [] }
  const object = { kind: 'VIEW', schema: 'public', name: 'v', status: 'migrated', reason: null, blockedBy: null }
  const objects = Array.from({ length: 2_000 }, () => ({ ...object, errorCode: null, errorMessage: null }))
  const marks = { source: { serverVersion: 150_018 }, startedAt: '', sealedAt: null, state: 'open', planned: null }
  const openLedger = async () => ({
    ...{ marks, counts: { relations: 0, objects: 4_000, sequences: 0, events: 0 } },
    parts: (async function* () {
      yield { ...part, objects }
      yield { ...part, objects }
    })(),
  })
  // It takes the first part, as a disk does that is full then.
  const writeParts = async (_key: string, parts: AsyncIterable<string>) => {
    let read = 0
    for await (const _ of parts) if (++read === 2) throw new Error('full')
  }
  const given = gathering(
    tools(() => 900_000),
    openLedger as unknown as Gathering['openLedger'],
  )
  const { databases, notes } = await gatherDatabases(event, {
    ...given,
    store: { writeParts } as unknown as ArtefactStore,
  })
  expect(databases[0]).toMatchObject({ details: null, totals: { objects: 4_000, migrated: 4_000 } })
  expect(notes).toEqual([expect.stringContaining('d0: its details could not be written')])
})
