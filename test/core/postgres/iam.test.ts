import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSource } from '../../../lambdas/core/postgres/sessions.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import { readTask } from '../../../lambdas/core/task/problems.ts'
import type { TaskInput } from '../../../lambdas/core/task/task.ts'
import { type FakeRdsLogin, startFakeRdsLogin } from '../../../local/fakes/rds-login.ts'
import { makeCertificate } from '../../support/certificates.ts'
import { startTestServer } from '../../support/servers.ts'

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDTESTOFIAM', AWS_SECRET_ACCESS_KEY: 'secret-key-of-iam' }
const folder = mkdtempSync(join(tmpdir(), 'sampan-iam-'))
let rds: FakeRdsLogin

const input = (source: object): TaskInput => ({
  name: 'iam',
  source: {
    host: '127.0.0.1',
    region: 'eu-central-1',
    user: 'iam_user',
    authentication: 'iam',
    tls: { ca: { file: join(folder, 'ca.crt') } },
    ...source,
  },
  destination: { host: 'destination.example', user: 'writer', secret: 'env:NOTHING' },
  databases: [{ name: 'postgres' }],
})

beforeAll(async () => {
  const authority = makeCertificate({ name: 'authority' })
  writeFileSync(join(folder, 'ca.crt'), authority.cert)
  const backend = await startTestServer({ major: 15, hostRules: ['host all iam_user 127.0.0.1/32 trust'] })
  const pg = (await import('pg')).default
  const admin = new pg.Client({
    host: '127.0.0.1',
    port: backend.port,
    user: 'postgres',
    password: backend.password,
    database: 'postgres',
  })
  await admin.connect()
  await admin.query('CREATE ROLE iam_user LOGIN')
  await admin.end()
  rds = await startFakeRdsLogin({
    backend: backend.port,
    certificate: makeCertificate({ name: 'rds', issuer: authority, hosts: ['127.0.0.1'] }),
    accessKeyId: KEYS.AWS_ACCESS_KEY_ID,
    secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY,
    region: 'eu-central-1',
  })
})
afterAll(async () => {
  await rds.stop()
  rmSync(folder, { recursive: true })
})

function eventOf(task: TaskInput): StepEvent {
  const read = readTask(task)
  if (read.task === null) throw new Error(JSON.stringify(read.problems))
  const endpoint = { host: '127.0.0.1', port: rds.port }
  return {
    run: { id: 'iam', execution: 'x' },
    task: read.task,
    endpoints: { source: endpoint, destination: endpoint },
    database: { name: 'postgres', as: 'postgres' },
    lane: null,
    window: null,
  }
}

const problemsOf = (source: object) => readTask(input(source)).problems.map(({ path, code }) => `${path} ${code}`)

test('each connection to RDS by IAM shows a token of its own, signed for host, port, user and region', async () => {
  for (let round = 0; round < 2; round++) {
    const session = await openSource(eventOf(input({})), KEYS, { purpose: 'test' })
    expect(await session.rows('SELECT current_user::text AS me')).toEqual([{ me: 'iam_user' }])
    await session.close()
  }
  expect(rds.tokens).toHaveLength(2)
})

test('a token that RDS refuses is told as what it is, at once, without the token', async () => {
  const wrong = { ...KEYS, AWS_SECRET_ACCESS_KEY: 'secret-key-of-another' }
  const error = await openSource(eventOf(input({})), wrong, { purpose: 'test' }).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'SRC_IAM_LOGIN_REFUSED', retryable: false })
  expect(error.remedy).toContain('rds_iam')
  expect(`${error.message}${error.remedy}`).not.toMatch(/X-Amz|Signature/)
})

test('a task by IAM needs a user, a region and TLS, and no password', () => {
  expect(problemsOf({})).toEqual([])
  expect(problemsOf({ user: undefined })).toEqual(['source.user TASK_USER_MISSING'])
  expect(problemsOf({ secret: 'env:A' })).toEqual(['source.secret TASK_PASSWORD_AMBIGUOUS'])
  expect(problemsOf({ tls: { mode: 'disable' } })).toEqual(['source.tls.mode TASK_IAM_NEEDS_TLS'])
  expect(problemsOf({ region: undefined })).toEqual(['source.region TASK_REGION_MISSING'])
  expect(problemsOf({ region: undefined, host: 'a.b1.eu-west-1.rds.amazonaws.com' })).toEqual([])
  expect(problemsOf({ region: undefined, host: undefined, rdsInstance: 'orders' })).toEqual([])
  expect(problemsOf({ authentication: 'kerberos' })).toContain('source.authentication TASK_CHOICE')
})
