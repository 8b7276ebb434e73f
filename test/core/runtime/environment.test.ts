import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { egressAddresses, readEnvironment } from '../../../lambdas/core/runtime/environment.ts'
import { createLogger } from '../../../lambdas/core/runtime/logging.ts'

test('all wrong variables are named at once', () => {
  const read = () => readEnvironment({ SAMPAN_AWS_ENDPOINT: 'nowhere', SAMPAN_WORKER_SECURITY_GROUP: 'default' })
  expect(read).toThrow(/SAMPAN_ARTEFACTS.*SAMPAN_AWS_ENDPOINT.*SAMPAN_WORKER_SECURITY_GROUP/)
})

test('an empty variable counts as not set, strangers pass through to the clouds’ clients', () => {
  const environment = readEnvironment({ SAMPAN_ARTEFACTS: 's3://bucket', SAMPAN_AWS_ENDPOINT: '', AWS_PROFILE: 'mine' })
  expect(environment.SAMPAN_AWS_ENDPOINT).toBeUndefined()
  expect(environment.AWS_PROFILE).toBe('mine')
})

test('egress addresses are a comma separated list', () => {
  const addresses = (text?: string) =>
    egressAddresses(readEnvironment({ SAMPAN_ARTEFACTS: 's3://bucket', SAMPAN_EGRESS_ADDRESSES: text }))
  expect(addresses('1.2.3.4, 5.6.7.8,')).toEqual(['1.2.3.4', '5.6.7.8'])
  expect(addresses()).toEqual([])
})

test('log lines go to a file where the terminal belongs to the progress display', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sampan-log-'))
  const file = join(directory, 'run.log')
  try {
    createLogger(pathToFileURL(file).href, { step: 'CopyLane', lane: 2 }).warn('CHUNK_LOST', { rows: 5 })
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      level: 'WARN',
      message: 'CHUNK_LOST',
      lane: 2,
      rows: 5,
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
})
