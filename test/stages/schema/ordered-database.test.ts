import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { apsaraInstance, type FakeApsaraInstance } from '../../../local/fakes/alibaba.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'
import { stepEvent } from '../../support/events.ts'
import { adoptDatabase, createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { call } from './steps.ts'

const role = `standard_${randomBytes(4).toString('hex')}`
let clouds: FakeClouds
let instance: FakeApsaraInstance
let source: TestDatabase
let maintenance: TestDatabase

beforeAll(async () => {
  source = await createDatabase(sharedServer(15), 'CREATE TABLE t (id int)')
  maintenance = await createDatabase(sharedServer(18))
  await maintenance.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`)
  instance = apsaraInstance({ instance: 'pgm-1', accounts: new Map([[role, 'Normal']]) })
  // The service makes the database, and gives it to the account when that is granted.
  instance.createDatabase = async (name, characterSet) => {
    const [encoding, collate, ctype] = characterSet.split(',')
    await maintenance.query(
      `CREATE DATABASE ${name} OWNER ${role} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE '${collate}' LC_CTYPE '${ctype}'`,
    )
  }
  clouds = await startFakeClouds({ apsara: [instance] })
  Object.assign(process.env, clouds.environment)
})
afterAll(async () => {
  await clouds.stop()
})

function eventFor(name: string, destination: object): StepEvent {
  const there = { ...maintenance, name, connection: { ...maintenance.connection, user: role, password: 'p' } }
  const event = stepEvent(source, there, { name: name.replaceAll('_', '-') })
  return { ...event, task: { ...event.task, destination: { ...event.task.destination, ...destination } } }
}

test('a database that the SQL account may not make is ordered from Alibaba Cloud, and planned into', async () => {
  const name = `ordered_${randomBytes(4).toString('hex')}`
  const event = eventFor(name, { apsaraInstance: 'pgm-1', region: 'ap-southeast-1' })
  expect(await call('planObjects', event)).toMatchObject({ verdict: 'done', error: null })
  const made = adoptDatabase(sharedServer(18), name)
  expect(await made.query('SELECT count(*) > 0 AS planned FROM sampan.object')).toEqual([{ planned: 't' }])
  expect(instance.owners).toEqual([`${role} of ${name}`])
  expect([...(instance.databases.get(name)?.characterSet.split(',') ?? [])][0]).toBe('UTF8')
})

test('where no cloud can be asked the account’s missing right is told', async () => {
  const name = `refused_${randomBytes(4).toString('hex')}`
  expect(await call('planObjects', eventFor(name, {}))).toMatchObject({
    verdict: 'failed',
    error: { code: 'DST_CREATE_DATABASE_DENIED' },
  })
})

test('a database that is made has the source’s order of text, the rules of ICU too', async () => {
  const name = `tailored_${randomBytes(4).toString('hex')}`
  const locale = `LOCALE_PROVIDER icu ICU_LOCALE 'und' ICU_RULES '& V << w <<< W'`
  const tailored = await createDatabase(sharedServer(18), undefined, locale)
  const event = stepEvent(tailored, { ...maintenance, name }, { name: name.replaceAll('_', '-') })
  expect(await call('planObjects', event)).toMatchObject({ verdict: 'done', error: null })
  const order = 'SELECT datlocprovider, datlocale, daticurules FROM pg_database WHERE datname = current_database()'
  expect(await adoptDatabase(sharedServer(18), name).query(order)).toEqual(await tailored.query(order))
})
