import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { precheckDocumentSchema } from '../../../lambdas/core/documents/precheck.ts'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import { handler } from '../../../lambdas/stages/precheck/handler.ts'
import { checks } from '../../../lambdas/stages/precheck/registry.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { adoptRole, createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { asDatabase, asUser, freshName, impatient, itemsOf, precheckOf } from './prechecks.ts'

const role = freshName('many')
const directory = mkdtempSync(join(tmpdir(), 'many-databases-'))
let sources: readonly TestDatabase[]
let destinations: readonly TestDatabase[]

beforeAll(async () => {
  const make = (major: 15 | 18, sql?: string) =>
    Promise.all(Array.from({ length: 10 }, () => createDatabase(sharedServer(major), sql)))
  ;[sources, destinations] = await Promise.all([make(15, 'CREATE TABLE t (a int PRIMARY KEY)'), make(18)])
  await sources[0]?.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT pg_read_all_data TO ${role}`)
  adoptRole(sharedServer(15), role)
  vi.stubEnv('SAMPAN_ARTEFACTS', `file://${directory}`)
  vi.stubEnv('SAMPAN_LOG', 'off')
})
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
})

/** A task of so many of them. */
function eventOf(source: TestDatabase, count: number, more: Partial<TaskInput> & { execution?: string } = {}) {
  const databases = sources.slice(0, count).map(({ name }, at) => ({ name, as: destinations[at]?.name ?? '' }))
  return stepEvent(source, firstOf(destinations), { databases, ...more })
}

const firstOf = (databases: readonly TestDatabase[]): TestDatabase => databases[0] as TestDatabase

test('more databases than the account may have connections are all looked at', { tags: 'long' }, async () => {
  // Of ten databases at once, each with a session, eight would be refused.
  await firstOf(sources).query(`ALTER ROLE ${role} CONNECTION LIMIT 5`)
  const document = await precheckOf(eventOf(asUser(firstOf(sources), role, 'secret'), 10))
  const reached = itemsOf(document, 'SRC_CONNECT')
  expect(reached.map(({ database, status }) => `${database} ${status}`)).toEqual(
    sources.map(({ name }) => `${name} passed`),
  )
  for (const code of ['SRC_RIGHTS_MISSING', 'DST_OBJECTS_REFUSED', 'CHOSEN_CANNOT_COME'])
    expect(itemsOf(document, code).map(({ status }) => status)).toEqual(Array(10).fill('passed'))
})

test('a server that refuses is asked once for all of its databases, a database that refuses for itself', {
  tags: 'long',
}, async () => {
  const source = asUser(firstOf(sources), role, 'secret')
  const told = async (count: number) => {
    const options = {
      patience: { ...impatient, attempts: 3 },
      only: checks.filter(({ code }) => code === 'SRC_CONNECT'),
    }
    const document = await precheckOf(eventOf(source, count), options)
    return itemsOf(document, 'SRC_TOO_MANY_CONNECTIONS').map(({ database }) => database)
  }
  // The first one keeps it.
  await firstOf(sources).query(`ALTER ROLE ${role} CONNECTION LIMIT 1`)
  expect(await told(10)).toHaveLength(1)
  await firstOf(sources).query(`ALTER ROLE ${role} CONNECTION LIMIT -1`)
  const full = sources.slice(2, 4)
  for (const { name } of full) await firstOf(sources).query(`ALTER DATABASE "${name}" CONNECTION LIMIT 0`)
  expect(await told(6)).toEqual(full.map(({ name }) => name))
})

test('a database that is not there is told for itself, and the others are looked at', async () => {
  const event = eventOf(asDatabase(firstOf(sources), firstOf(sources).name), 3)
  const [one, two, three] = event.task.databases
  if (!one || !two || !three) throw new Error('three databases')
  const databases = [one, { ...two, name: 'nowhere' }, three]
  const document = await precheckOf({ ...event, task: { ...event.task, databases } })
  const told = [...itemsOf(document, 'SRC_CONNECT'), ...itemsOf(document, 'SRC_DATABASE_MISSING')]
  expect(told.map(({ database, blocks }) => `${database} ${blocks}`).sort()).toEqual(
    [`${one.name} false`, `${three.name} false`, 'nowhere true'].sort(),
  )
})

test('what does not fit a call is left to the next one, and all of it is in the document once', {
  tags: 'long',
}, async () => {
  const written = async (execution: string) => {
    const text = await readFile(join(directory, 'runs/test-run', execution, 'precheck.json'), 'utf8')
    return precheckDocumentSchema.parse(JSON.parse(text))
  }
  const event = (execution: string) => eventOf(firstOf(sources), 3, { execution })
  // Less is left than a database is begun with: each call takes one.
  const verdicts = []
  for (let call = 0; call < 3; call++) verdicts.push((await handler(event('slow'), stepContext(60))).verdict)
  expect(verdicts).toEqual(['more', 'more', 'done'])
  expect((await handler(event('quick'), stepContext(900))).verdict).toBe('done')
  const keys = ({ items }: Awaited<ReturnType<typeof written>>) =>
    items.map(({ code, database, status }) => `${code} ${database} ${status}`)
  expect(keys(await written('slow'))).toEqual(keys(await written('quick')))
})
