import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { resolveSecret } from '../../../lambdas/core/cloud/secrets.ts'
import { readTlsMaterial } from '../../../lambdas/core/postgres/tls-material.ts'
import { taskJsonSchema } from '../../../lambdas/core/task/json-schema.ts'
import { readTask } from '../../../lambdas/core/task/problems.ts'
import { handler } from '../../../lambdas/stages/read-task/handler.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { smallTask } from './tasks.ts'

process.env.SAMPAN_ARTEFACTS = pathToFileURL(await temporaryDirectory()).href

const context = { awsRequestId: 'test', getRemainingTimeInMillis: () => 60_000 }
const read = async (input: object) => handler({ input, execution: 'e', window: null }, context)

const SECRETS = 'sampan/*,shared-password'

beforeAll(() => {
  process.env.SAMPAN_SECRETS = SECRETS
  process.env.SAMPAN_UNVERIFIED_HOSTS = '10.0.0.7,*.old.example'
})
afterAll(() => {
  delete process.env.SAMPAN_SECRETS
  delete process.env.SAMPAN_UNVERIFIED_HOSTS
})

interface Node {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Node>>
  readonly anyOf?: readonly Node[]
  readonly items?: Node
}

/** Every place in which a text may stand that is not one of a few words. */
function texts(node: Node, path: readonly string[]): readonly (readonly string[])[] {
  if (node.anyOf !== undefined) return node.anyOf.flatMap((one) => texts(one, path))
  if (node.items !== undefined) return texts(node.items, path)
  if (node.properties !== undefined) {
    return Object.entries(node.properties).flatMap(([name, inner]) => texts(inner, [...path, name]))
  }
  return node.type === 'string' && node.enum === undefined && node.const === undefined ? [path] : []
}

/** What is text and nothing else: nothing is read by it. */
const plain = /^(rdsInstance|apsaraInstance|region|host|user)$/
const { properties } = taskJsonSchema() as Node
const fields = ['source', 'destination'].flatMap((side) =>
  texts(properties?.[side] ?? {}, [])
    .filter((path) => !plain.test(path.join('.')))
    .map((path) => [side, path.join('.')] as const),
)

/** A side of a host of somebody's own, with this text in this field. */
function sideWith(field: string, text: string): object {
  const put = (names: readonly string[]): object => {
    const [name = '', ...rest] = names
    return { [name]: rest.length === 0 ? text : put(rest) }
  }
  const given = put(field.split('.')) as Record<string, object>
  const tls = { mode: 'verify-full', ...given.tls }
  return { host: 'mine.example', user: 'u', ...(field.startsWith('tls') ? { secret: 'sampan/a' } : {}), ...given, tls }
}

const stolen = [
  'env:AWS_SESSION_TOKEN',
  'env:AWS_SECRET_ACCESS_KEY',
  'env:ANYTHING',
  'file:/proc/self/environ',
  'file:/etc/passwd',
  '/proc/self/environ',
  'sampan-alibaba',
  'arn:aws:secretsmanager:eu-west-1:123456789012:secret:other-AbCdEf',
]

describe('in the cloud', () => {
  it('the fields that can name a secret are known', () => {
    expect(fields.map(([side, field]) => `${side}.${field}`)).toEqual(
      expect.arrayContaining([
        'source.secret',
        'destination.passwordFile',
        'source.tls.key.secret',
        'source.tls.ca.file',
      ]),
    )
  })

  it.each(fields)('%s.%s takes nothing that the functions themselves hold', async (side, field) => {
    for (const text of stolen) {
      const answer = await read({ ...smallTask(), [side]: sideWith(field, text) })
      expect([text, answer.verdict, answer.error?.code]).toEqual([text, 'failed', 'TASK_INVALID'])
      expect(answer.error?.message).toContain(`${side}.${field}: `)
    }
  })

  it('a secret that the stack allows is taken, by name and by ARN', async () => {
    for (const name of [
      'sampan/orders',
      'shared-password',
      'arn:aws:secretsmanager:eu-west-1:123456789012:secret:sampan/a-AbCdEf',
    ]) {
      const source = {
        ...sideWith('secret', name),
        tls: { ca: { secret: name }, certificate: { secret: name }, key: { secret: name } },
      }
      expect(
        (await read({ ...smallTask(), source, destination: { ...sideWith('secret', name), host: 'other.example' } }))
          .error,
      ).toBeNull()
    }
    const source = { rdsInstance: 'orders', authentication: 'iam', user: 'migrator' }
    expect((await read({ ...smallTask(), source, destination: sideWith('secret', 'sampan/a') })).error).toBeNull()
  })

  it('the six characters at the end of an ARN are no part of a name', async () => {
    process.env.SAMPAN_SECRETS = 'prod-*,prod-secret'
    const at = async (name: string) => {
      const secret = `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}`
      const answer = await read({
        ...smallTask(),
        source: sideWith('secret', secret),
        destination: sideWith('secret', 'prod-secret'),
      })
      return answer.error?.message.includes('source.secret: ') ?? false
    }
    expect(await at('prod-AbCdEf')).toBe(true)
    expect(await at('prod-secret')).toBe(false)
    expect(await at('prod-orders-AbCdEf')).toBe(false)
    process.env.SAMPAN_SECRETS = SECRETS
  })

  it('where the deployment lists hosts, a task names no other, however well that one proves its name', async () => {
    const at = async (source: object) => {
      const destination = { ...sideWith('secret', 'sampan/a'), host: 'db.other.example' }
      const sides = { source: { user: 'u', secret: 'sampan/a', ...source }, destination }
      return (await read({ ...smallTask(), ...sides })).error?.message
    }
    const mine = { host: 'mine.example', tls: { mode: 'verify-full' } }
    expect(await at(mine)).toBeUndefined()
    process.env.SAMPAN_HOSTS = '*.Other.example,10.0.0.7'
    expect(await at(mine)).toContain('source.host: is none of the hosts')
    expect(await at({ ...mine, host: '10.0.0.7' })).toBeUndefined()
    expect(await at({ rdsInstance: 'orders' })).toBeUndefined()
    delete process.env.SAMPAN_HOSTS
  })

  it('TLS is off or unverified only to hosts that the deployment names, and to instances', async () => {
    const at = async (source: object) => {
      const destination = { ...sideWith('secret', 'sampan/a'), host: 'other.example' }
      return (await read({ ...smallTask(), source: { user: 'u', secret: 'sampan/a', ...source }, destination })).error
        ?.message
    }
    for (const tls of [{ mode: 'disable' }, { mode: 'require' }, { mode: 'verify-ca' }]) {
      expect(await at({ host: 'mine.example', tls })).toContain('source.tls.mode: leaves it open who the host is')
      expect(await at({ host: '10.0.0.7', tls })).toBeUndefined()
      expect(await at({ host: 'DB.old.example', tls })).toBeUndefined()
      expect(await at({ rdsInstance: 'orders', tls })).toBeUndefined()
    }
    expect(await at({ host: 'mine.example', tls: { mode: 'verify-ca', ca: { secret: 'sampan/ca' } } })).toBeUndefined()
  })
})

describe('on one machine', () => {
  test.each([
    'env:AWS_SESSION_TOKEN',
    'env:aws_secret_access_key',
    'env:ALIBABA_CLOUD_ACCESS_KEY_SECRET',
    'file:/proc/self/environ',
    'file:///proc/1/environ',
    'file:/tmp/../proc/self/environ',
    'file:/home/me/.aws/credentials',
  ])('%s is no password either', (secret) => {
    const { problems } = readTask({ ...smallTask(), source: sideWith('secret', secret) })
    expect(problems.map(({ path, code }) => [path, code])).toEqual([['source.secret', 'TASK_SECRET_OF_THE_CLOUD']])
    if (!secret.startsWith('file:')) return
    const path = secret.slice('file:'.length)
    expect(readTask({ ...smallTask(), source: sideWith('passwordFile', path) }).problems[0]?.path).toBe(
      'source.passwordFile',
    )
    expect(readTask({ ...smallTask(), source: sideWith('tls.ca.file', path) }).problems[0]?.path).toBe(
      'source.tls.ca.file',
    )
  })

  test('a link leads there no more than the path itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sampan-links-'))
    const link = join(folder, 'password')
    symlinkSync('/proc/self/environ', link)
    await expect(resolveSecret(`file:${link}`, {})).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' })
    const tls = { mode: 'verify-full', ca: { file: link } } as const
    await expect(readTlsMaterial(tls, 'source', {})).rejects.toMatchObject({ code: 'SRC_TLS_FILE_UNREADABLE' })
    rmSync(folder, { recursive: true })
  })
})
