import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Access, startAccess } from '../stages/access/harness.ts'
import { spawnSampan } from './spawn-sampan.ts'

let access: Access
let directory: string
beforeEach(async () => {
  access = await startAccess()
  directory = await mkdtemp(join(tmpdir(), 'sampan-test-doctor-'))
})
afterEach(async () => {
  await access.stop()
  await rm(directory, { recursive: true, force: true })
})

test('sampan doctor says what a stack does not reach, and the option that does', async () => {
  const taskFile = join(directory, 'task.json')
  await writeFile(
    taskFile,
    JSON.stringify({
      name: 'orders',
      source: { rdsInstance: 'orders-prod', secret: 'sampan/orders' },
      destination: { apsaraInstance: 'pgm-1', region: 'ap-southeast-1', secret: 'sampan/singapore' },
      databases: [{ name: 'orders' }],
    }),
  )
  access.clouds.state.functions.set('Sampan-Precheck', { FunctionName: 'Sampan-Precheck' })
  // The region is the profile's, as cdk deploy has it.
  const AWS_CONFIG_FILE = join(directory, 'config')
  await writeFile(AWS_CONFIG_FILE, '[profile move]\nregion = us-east-1\n')
  const { AWS_REGION: _, ...environment } = access.clouds.environment
  const profile = { AWS_REGION: '', AWS_DEFAULT_REGION: '', AWS_CONFIG_FILE, AWS_PROFILE: 'move' }
  const { status, stdout } = await spawnSampan(['doctor', taskFile], { ...environment, ...profile }).ended
  expect(stdout.split('\n')).toEqual([
    'Sampan runs in no VPC',
    '✗ source orders-prod: no address of the workers is known, so no rule can let them in',
    '✗ destination pgm-1: no address of the workers is known, so no whitelist entry can let them in',
    '✓ Secrets Manager in us-east-1: from Lambda’s own network',
    '✓ S3 in us-east-1: from Lambda’s own network',
    'the source is reached with the option network: "create"',
    '  the source is public, and its VPC has no NAT gateway: a VPC of the stack’s own',
    '',
  ])
  expect(status).toBe(1)
  expect(access.isAsBefore()).toBe(true)
})
