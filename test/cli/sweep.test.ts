import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Access, startAccess } from '../stages/access/harness.ts'
import { spawnSampan } from './spawn-sampan.ts'

let access: Access
let directory: string
let taskFile: string
beforeEach(async () => {
  access = await startAccess()
  directory = await mkdtemp(join(tmpdir(), 'sampan-test-sweep-'))
  taskFile = join(directory, 'task.json')
  const { name, source, destination, databases } = access.event().task
  const task = {
    name,
    source: { rdsInstance: source.rdsInstance, secret: 'env:X' },
    destination: { apsaraInstance: destination.apsaraInstance, region: destination.region, secret: 'env:Y' },
    databases: [{ name: databases[0]?.name }],
  }
  await writeFile(taskFile, JSON.stringify(task))
})
afterEach(async () => {
  await access.stop()
  await rm(directory, { recursive: true, force: true })
})

const sweep = () =>
  spawnSampan(['sweep', taskFile, '--out', join(directory, 'another')], access.clouds.environment).ended

test('sampan sweep closes what a killed run left open, wherever that one wrote its documents', {
  tags: 'long',
}, async () => {
  await access.open({}, 'killed')
  expect(access.isAsBefore()).toBe(false)
  const { status, stdout } = await sweep()
  expect(stdout).toMatch(/^closed what killed had left open\n/)
  expect(status).toBe(0)
  expect(access.isAsBefore()).toBe(true)
  expect((await sweep()).stdout).toBe('nothing was open\n')
})
