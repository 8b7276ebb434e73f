import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createSampleRoles, loadSample } from '../../cli/demo/sample.ts'
import { createHostileDatabase } from '../fixtures/hostile.ts'
import { compareDatabases } from '../support/judges.ts'
import { adoptDatabase, createDatabase, sharedServer } from '../support/servers.ts'
import { migrate } from '../support/whole-run.ts'

test('the shop arrives whole: rows, sequences, large objects and every fact of its catalogue', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  await createSampleRoles(sharedServer(18))
  const { database } = await loadSample(sharedServer(15), `shop_${randomBytes(4).toString('hex')}`)
  const source = adoptDatabase(sharedServer(15), database)
  const destination = await createDatabase(sharedServer(18))
  const { outcome, report } = await migrate(source, destination)
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(report.status).toBe('succeeded')
  expect(report.databases[0]?.tables.every((table) => table.match)).toBe(true)
  expect(await compareDatabases(source, destination)).toEqual([])
})

test('the hostile database arrives whole', async () => {
  const source = await createHostileDatabase(sharedServer(15))
  const destination = await createDatabase(sharedServer(18))
  const { outcome, report } = await migrate(source, destination)
  expect(report.databases[0]?.objects.filter((object) => object.status === 'failed')).toEqual([])
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await compareDatabases(source, destination)).toEqual([])
}, 120_000)
