import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { artefactKey, artefacts } from '../../../lambdas/core/cloud/artefacts.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'

let clouds: FakeClouds
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sampan-artefacts-'))
  clouds = await startFakeClouds()
})
afterAll(async () => {
  await clouds.stop()
  await rm(directory, { recursive: true })
})

describe.each(['file', 's3'])('in %s', (kind) => {
  const store = () =>
    artefacts({
      ...clouds.environment,
      SAMPAN_ARTEFACTS: kind === 'file' ? pathToFileURL(directory).href : 's3://bucket/some/prefix/',
    })
  const key = artefactKey({ id: 'orders', execution: 'e1' }, 'report.json')

  test('a document that was not written is null, and nothing is listed', async () => {
    expect(await store().read(key)).toBeNull()
    expect(await store().list('runs/')).toEqual([])
  })

  test('a document is read as it was last written', async () => {
    await store().write(key, 'first', 'application/json')
    await store().write(key, '{"a":"ü🛶"}', 'application/json')
    expect(await store().read(key)).toBe('{"a":"ü🛶"}')
  })

  test.each([3, 200])('a document of %i parts of 64 kB is read as its parts were written', async (count) => {
    const part = `${'ü🛶'.repeat(11_000)}\n`
    const parts = async function* () {
      for (let number = 0; number < count; number += 1) yield part
    }
    const large = artefactKey({ id: 'large', execution: 'e1' }, 'details/0001.jsonl')
    await store().writeParts(large, parts(), 'application/jsonl')
    expect((await store().read(large)) === part.repeat(count)).toBe(true)
    await store().remove(large)
  })

  test('keys are listed by their prefix, sorted', async () => {
    await store().write('runs/orders/e0/access.json', '{}', 'application/json')
    await store().write('runs/other/e0/access.json', '{}', 'application/json')
    expect(await store().list('runs/orders/')).toEqual(['runs/orders/e0/access.json', key])
  })

  test.each(['../outside', 'a//b', '', '/etc/passwd', 'a/../../b'])('the key "%s" is refused', async (bad) => {
    await expect(store().write(bad, 'x', 'text/plain')).rejects.toMatchObject({ code: 'ARTEFACT_KEY_INVALID' })
  })
})

test('writing leaves nothing but the document behind', async () => {
  const names = await readdir(join(directory, 'runs/orders/e1'))
  expect(names).toEqual(['report.json'])
})

test('without a place for documents the variable is named', () => {
  expect(() => artefacts({})).toThrowError(expect.objectContaining({ code: 'ARTEFACTS_NOT_SET' }))
})
