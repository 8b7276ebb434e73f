import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readSecretText, resolveSecret } from '../../../lambdas/core/cloud/secrets.ts'
import { type FakeClouds, startFakeClouds } from '../../../local/fakes/clouds.ts'

let clouds: FakeClouds
let directory: string
const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-AbCdEf'

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sampan-secrets-'))
  clouds = await startFakeClouds({
    secrets: {
      [arn]: '{"username":"app","password":"pa{ss\\"word","engine":"postgres","host":"h","port":5432}',
      plain: 'just-a-password',
      broken: '{"username":"app","passwort":"Hunter2"}',
      brace: '{not json',
    },
  })
})
afterAll(async () => {
  await clouds.stop()
  await rm(directory, { recursive: true })
})

test('RDS’s own form gives user and password, asked in the region of the ARN', async () => {
  expect(await resolveSecret(arn, clouds.environment)).toEqual({ user: 'app', password: 'pa{ss"word' })
  expect(clouds.state.calls.at(-1)).toMatchObject({ action: 'GetSecretValue', region: 'eu-west-1' })
})

test('a secret by its name is asked in the region given, else the function’s own', async () => {
  expect(await resolveSecret('plain', clouds.environment, { region: 'sa-east-1' })).toEqual({
    password: 'just-a-password',
  })
  expect(clouds.state.calls.at(-1)?.region).toBe('sa-east-1')
  await resolveSecret('plain', clouds.environment)
  expect(clouds.state.calls.at(-1)?.region).toBe('us-east-1')
})

test('a password may begin with a brace', async () => {
  expect(await resolveSecret('brace', clouds.environment)).toEqual({ password: '{not json' })
})

test('a file and a variable lose the line end at their end, nothing else', async () => {
  const path = join(directory, 'password')
  await writeFile(path, ' with spaces \n')
  expect(await resolveSecret(`file:${path}`, {})).toEqual({ password: ' with spaces ' })
  const environment = { DB_PASSWORD: '{"username":"u","password":"p"}' } as object
  expect(await resolveSecret('env:DB_PASSWORD', environment)).toEqual({ user: 'u', password: 'p' })
})

test.each(['env:NO_SUCH_VARIABLE', 'file:/no/such/file', 'no-such-secret'])('%s is told missing', async (reference) => {
  await expect(resolveSecret(reference, clouds.environment)).rejects.toMatchObject({
    code: 'SECRET_NOT_FOUND',
    message: expect.stringContaining(reference),
  })
})

test('a secret of the wrong form is told without its content', async () => {
  const error = await resolveSecret('broken', clouds.environment).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'SECRET_UNREADABLE' })
  expect(`${error.stack}${JSON.stringify(error)}`).not.toContain('Hunter2')
})

test('an empty secret is refused', async () => {
  const path = join(directory, 'empty')
  await writeFile(path, '\n')
  await expect(readSecretText(`file:${path}`, {})).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' })
})
