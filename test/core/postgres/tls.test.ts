import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSource } from '../../../lambdas/core/postgres/sessions.ts'
import { tlsOptions } from '../../../lambdas/core/postgres/tls.ts'
import type { SampanError } from '../../../lambdas/core/runtime/errors.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import type { Server } from '../../../local/servers/server.ts'
import { type Certificate, makeCertificate } from '../../support/certificates.ts'
import { stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, startTestServer, type TestDatabase } from '../../support/servers.ts'
import { terminateTls } from '../../support/tls-terminator.ts'

const PASSWORD_OF_KEY = 'password-of-the-key'
const yesterday = new Date(Date.now() - 86_400_000)
const folder = mkdtempSync(join(tmpdir(), 'sampan-tls-'))
const authority = makeCertificate({ name: 'authority' })
const stranger = makeCertificate({ name: 'stranger' })
const hosts = ['127.0.0.1']

let plain: TestDatabase
let destination: TestDatabase
/** Its certificate is in order; it asks `alice` and `carol` for theirs. */
let strict: Server
let expired: Server
let elsewhere: Server

/** A file with a text in it, and its path as the task names it. */
function file(name: string, text: string): { readonly file: string } {
  const path = join(folder, name)
  writeFileSync(path, text)
  return { file: path }
}

function client(name: string, options: { issuer?: Certificate; until?: Date } = {}) {
  const made = makeCertificate({ name, issuer: authority, ...options })
  return {
    certificate: file(`${name}-${Math.random()}.crt`, made.cert),
    key: file(`${name}-${Math.random()}.key`, made.key),
    made,
  }
}

const serving = (options: Partial<Parameters<typeof makeCertificate>[0]>) => {
  const { cert, key } = makeCertificate({ name: 'server', issuer: authority, hosts, ...options })
  return { cert, key, ca: authority.cert }
}

beforeAll(async () => {
  plain = await createDatabase(sharedServer(15))
  destination = await createDatabase(sharedServer(18))
  const hostRules = [
    'hostssl all alice 127.0.0.1/32 cert',
    'hostssl all carol 127.0.0.1/32 scram-sha-256 clientcert=verify-ca',
    'hostssl all clear 127.0.0.1/32 password',
    'hostssl all all 127.0.0.1/32 scram-sha-256',
  ]
  strict = await startTestServer({ major: 15, ssl: serving({}), hostRules })
  expired = await startTestServer({ major: 15, ssl: serving({ until: yesterday }) })
  elsewhere = await startTestServer({ major: 15, ssl: serving({ hosts: ['db.example'] }) })
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

const ca = () => file('ca.crt', authority.cert)

async function opening(
  server: { port: number; password: string },
  tls: object,
  user = 'postgres',
  withPassword = true,
) {
  process.env.SAMPAN_TEST_TLS_PASSWORD = server.password
  const event = stepEvent(plain, destination, {
    source: {
      host: '127.0.0.1',
      port: server.port,
      user,
      ...(withPassword ? { secret: 'env:SAMPAN_TEST_TLS_PASSWORD' } : {}),
      tls: tls as NonNullable<Parameters<typeof stepEvent>[2]>['source'] extends { tls?: infer Tls } ? Tls : never,
    },
  })
  const endpoints = { source: { host: '127.0.0.1', port: server.port }, destination: { host: '127.0.0.1', port: 1 } }
  const given: StepEvent = { ...event, endpoints }
  const session = await openSource(given, process.env, { purpose: 'test', database: 'postgres' })
  const [row] = await session.rows<{ ssl: boolean }>(
    'SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()',
  )
  await session.close()
  return row?.ssl === true ? 'encrypted' : 'plain'
}

/** What it failed with; every one of them is told at once, not after hours of trying. */
async function failing(...given: Parameters<typeof opening>): Promise<string> {
  const error = await opening(...given).then(
    (state) => {
      throw new Error(`it was let in, ${state}`)
    },
    (thrown: SampanError) => thrown,
  )
  expect(error.retryable).toBe(false)
  expect(error.remedy).toMatch(/\w/)
  expect(`${error.message} ${error.remedy}`).not.toMatch(/\n|password-of|undefined/)
  return error.code
}

describe('the certificate of the server', () => {
  test('is checked whole by default: authority, host name, time', async () => {
    expect(await opening(strict, { ca: ca() })).toBe('encrypted')
  })

  test('of an authority that nobody named is refused', async () => {
    expect(await failing(strict, {})).toBe('SRC_TLS_UNKNOWN_CA')
    expect(await failing(strict, { ca: 'rds' })).toBe('SRC_TLS_UNKNOWN_CA')
    expect(await failing(strict, { ca: file('stranger.crt', stranger.cert) })).toBe('SRC_TLS_UNKNOWN_CA')
  })

  test('for another host is refused, unless only the authority is asked for', async () => {
    expect(await failing(elsewhere, { ca: ca() })).toBe('SRC_TLS_WRONG_HOST')
    expect(await opening(elsewhere, { mode: 'verify-ca', ca: ca() })).toBe('encrypted')
  })

  test('that has expired is refused, with the authority alone too', async () => {
    expect(await failing(expired, { ca: ca() })).toBe('SRC_TLS_EXPIRED')
    expect(await failing(expired, { mode: 'verify-ca', ca: ca() })).toBe('SRC_TLS_EXPIRED')
  })

  test('is not looked at by the explicit word "require"', async () => {
    expect(await opening(expired, { mode: 'require' })).toBe('encrypted')
  })
})

describe('a plain connection', () => {
  test('is made by the explicit word only, never by falling back', async () => {
    expect(await failing(plain.server, {})).toBe('SRC_TLS_NOT_OFFERED')
    expect(await failing(plain.server, { mode: 'require' })).toBe('SRC_TLS_NOT_OFFERED')
    expect(await opening(plain.server, { mode: 'disable' })).toBe('plain')
  })

  test('to a server that lets nobody in without TLS says so, as RDS does with rds.force_ssl', async () => {
    const rules = ['hostssl all all 127.0.0.1/32 scram-sha-256']
    const forced = await startTestServer({ major: 18, ssl: serving({}), hostRules: rules })
    await onlyHostRules(forced, rules)
    expect(await failing(forced, { mode: 'disable' })).toBe('SRC_TLS_REQUIRED')
    expect(await opening(forced, { ca: ca() })).toBe('encrypted')
  })
})

/** Takes away the last rules of a test server, which let everybody in. */
async function onlyHostRules(server: Server, rules: readonly string[]): Promise<void> {
  const { readFile, writeFile } = await import('node:fs/promises')
  const path = join(server.directory, 'data', 'pg_hba.conf')
  const kept = (await readFile(path, 'utf8')).split('\n').filter((line) => rules.includes(line) || /^local/.test(line))
  await writeFile(path, `${kept.join('\n')}\n`)
  await server.restart()
}

async function asAdministrator(server: Server, sql: string): Promise<void> {
  const pg = (await import('pg')).default
  const ssl = { ca: authority.cert }
  const { port, password } = server
  const admin = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres', ssl })
  await admin.connect()
  await admin.query(sql)
  await admin.end()
}

describe('a password over TLS', () => {
  test('goes in clear only to a server that has proved who it is, as a token of IAM does', async () => {
    await asAdministrator(strict, `CREATE ROLE clear LOGIN PASSWORD '${strict.password}'`)
    expect(await opening(strict, { ca: ca() }, 'clear')).toBe('encrypted')
    expect(await opening(strict, { mode: 'verify-ca', ca: ca() }, 'clear')).toBe('encrypted')
    expect(await failing(strict, { mode: 'require' }, 'clear')).toBe('SRC_PASSWORD_IN_CLEAR')
  })

  test('is bound to the channel by SCRAM: who stands between is found out even where nobody looks at certificates', async () => {
    expect(await opening(strict, { mode: 'require' })).toBe('encrypted')
    const between = {
      port: await terminateTls(strict.port, makeCertificate({ name: 'between' })),
      password: strict.password,
    }
    expect(await failing(between, { mode: 'require' })).toBe('SRC_LOGIN_REFUSED')
  })

  test('is proved to a server that knows no binding yet', { tags: 'long' }, async () => {
    const old = await startTestServer({
      major: 10,
      ssl: serving({}),
      settings: { password_encryption: 'scram-sha-256' },
      hostRules: ['hostssl all all 127.0.0.1/32 scram-sha-256'],
    })
    expect(await opening(old, { ca: ca() })).toBe('encrypted')
  })
})

describe('a client certificate', () => {
  beforeAll(async () => {
    await asAdministrator(strict, `CREATE ROLE alice LOGIN; CREATE ROLE carol LOGIN PASSWORD '${strict.password}'`)
  })

  test('lets its user in, its key encrypted or not', async () => {
    const { made, certificate, key } = client('alice')
    expect(await opening(strict, { ca: ca(), certificate, key }, 'alice')).toBe('encrypted')
    const encrypted = made.privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: PASSWORD_OF_KEY,
    })
    const locked = file('locked.key', encrypted.toString())
    const keyPassword = file('key.password', `${PASSWORD_OF_KEY}\n`)
    expect(await opening(strict, { ca: ca(), certificate, key: locked, keyPassword }, 'alice')).toBe('encrypted')
    const wrong = file('wrong.password', 'password-of-another')
    expect(await failing(strict, { ca: ca(), certificate, key: locked, keyPassword: wrong }, 'alice')).toBe(
      'SRC_TLS_KEY_PASSWORD_WRONG',
    )
    expect(await failing(strict, { ca: ca(), certificate, key: locked }, 'alice')).toBe('SRC_TLS_KEY_PASSWORD_WRONG')
  })

  test('stands instead of a password, where the server asks for none', async () => {
    const { certificate, key } = client('alice')
    expect(await opening(strict, { ca: ca(), certificate, key }, 'alice', false)).toBe('encrypted')
    expect(await failing(strict, { ca: ca(), certificate, key }, 'postgres', false)).toBe('SRC_LOGIN_REFUSED')
  })

  test('that the server asks for and nobody gives is named', async () => {
    expect(await failing(strict, { ca: ca() }, 'alice')).toBe('SRC_TLS_CLIENT_CERTIFICATE_MISSING')
    expect(await failing(strict, { ca: ca() }, 'carol')).toBe('SRC_TLS_CLIENT_CERTIFICATE_MISSING')
  })

  test('of another user, or of an authority the server does not know, is named', async () => {
    const bob = client('bob')
    const { certificate, key } = client('alice', { issuer: stranger })
    expect(await failing(strict, { ca: ca(), certificate: bob.certificate, key: bob.key }, 'alice')).toBe(
      'SRC_TLS_CLIENT_CERTIFICATE_OF_ANOTHER',
    )
    for (let round = 0; round < 5; round++) {
      expect(await failing(strict, { ca: ca(), certificate, key }, 'alice')).toBe('SRC_TLS_CLIENT_CERTIFICATE_REFUSED')
    }
  })

  test('that is of no use is found before anything is sent', async () => {
    const { certificate, key } = client('alice')
    const old = client('alice', { until: yesterday })
    const junk = file('junk', 'junk')
    expect(await failing(strict, { certificate: old.certificate, key: old.key })).toBe('SRC_TLS_CERTIFICATE_EXPIRED')
    expect(await failing(strict, { certificate, key: client('x').key })).toBe('SRC_TLS_KEY_MISMATCH')
    expect(await failing(strict, { certificate: junk, key })).toBe('SRC_TLS_CERTIFICATE_INVALID')
    expect(await failing(strict, { certificate, key: junk })).toBe('SRC_TLS_KEY_INVALID')
    expect(await failing(strict, { ca: junk })).toBe('SRC_TLS_CA_INVALID')
    expect(await failing(strict, { ca: { file: join(folder, 'nowhere.crt') } })).toBe('SRC_TLS_FILE_UNREADABLE')
  })
})

test('the codes of the destination begin with DST', () => {
  expect(() => tlsOptions({ mode: 'verify-full', ca: ['junk'] }, 'destination')).toThrow(
    expect.objectContaining({ code: 'DST_TLS_CA_INVALID', message: expect.stringContaining('destination.tls.ca') }),
  )
})
