import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createSampleRoles, loadSample } from '../../../cli/demo/sample.ts'
import { createHostileDatabase } from '../../fixtures/hostile.ts'
import { adoptDatabase, createDatabase, sharedServer } from '../../support/servers.ts'
import { blocking, freshName, precheck } from './prechecks.ts'

const overrides = { precheck: { acknowledge: ['DST_VERSION_DIFFERS'] } }

test('the demo’s shop passes with the version acknowledged', { tags: 'long' }, async () => {
  const name = freshName('shop')
  await loadSample(sharedServer(15), name)
  await createSampleRoles(sharedServer(18))
  const document = await precheck(adoptDatabase(sharedServer(15), name), await createDatabase(sharedServer(18)), {
    overrides,
  })
  expect(document).toMatchObject({ refused: false, score: 100 })
})

test('a database with one of every kind of object passes as well, told by infos', async () => {
  const allKinds = readFileSync(new URL('../schema/all-kinds.sql', import.meta.url), 'utf8')
  const source = await createDatabase(sharedServer(15), allKinds)
  const document = await precheck(source, await createDatabase(sharedServer(18)), { overrides })
  expect(blocking(document)).toEqual([])
})

test('a database of hostile names, shapes and values breaks no check', async () => {
  const source = await createHostileDatabase(sharedServer(15), { rowBytes: 1000, duplicates: 10 })
  const document = await precheck(source, await createDatabase(sharedServer(18)), { overrides })
  expect(document.items.filter((item) => item.status === 'not-run').map((item) => item.code)).toEqual([
    'DST_STORAGE_SHORT',
  ])
  expect(blocking(document)).toEqual(['REG_COLUMNS'])
})
