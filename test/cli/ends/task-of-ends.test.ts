import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { taskOfEnds } from '../../../cli/ends/task-of-ends.ts'
import { readTask } from '../../../lambdas/core/task/problems.ts'

const directory = mkdtempSync(join(tmpdir(), 'sampan-test-ends-'))
const TO = 'postgres://owner:there@new.example/shop'

beforeEach(() => {
  // Whoever runs the tests may have these.
  for (const name of Object.keys(process.env)) if (/^PG/.test(name)) vi.stubEnv(name, undefined)
  vi.stubEnv('HOME', directory)
})
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
})

function file(name: string, text: string, mode = 0o600): string {
  const path = join(directory, name)
  writeFileSync(path, text, { mode })
  return path
}

const source = async (from: string) => (await taskOfEnds(from, TO)).source as Record<string, unknown>

describe('the ends on the command line', () => {
  test('make a valid task', async () => {
    const task = await taskOfEnds('postgres://reader:here@old.example:5433/shop?sslmode=require', TO)
    expect(task).toEqual({
      name: expect.stringMatching(/^shop-[0-9a-f]{8}$/),
      source: { host: 'old.example', port: 5433, user: 'reader', password: 'here', tls: { mode: 'require' } },
      destination: { host: 'new.example', port: 5432, user: 'owner', password: 'there', tls: {} },
      databases: [{ name: 'shop' }],
    })
    expect(readTask(task).problems).toEqual([])
  })

  test('make the same name again, whoever logs in, and another one for another place', async () => {
    const { name } = await taskOfEnds('postgres://reader:a@old.example/shop', TO)
    expect((await taskOfEnds('host=old.example dbname=shop user=other password=b', TO)).name).toBe(name)
    expect((await taskOfEnds('postgres://reader:a@old.example:5433/shop', TO)).name).not.toBe(name)
    const odd = await taskOfEnds('postgres://a:b@old.example/%C3%96_Shop', TO)
    expect(odd).toMatchObject({ name: expect.stringMatching(/^shop-/), databases: [{ name: 'Ö_Shop', as: 'shop' }] })
  })

  test('the destination has the source’s database where none is named', async () => {
    expect(await taskOfEnds('postgres://a:b@old.example/shop', 'host=new.example user=c')).toMatchObject({
      databases: [{ name: 'shop' }],
    })
  })

  test.each([
    ['postgres://a:p%40%2F%23%25@h/db', { password: 'p@/#%', host: 'h' }],
    ['postgresql://a:b@[2001:db8::1]:6000/db', { host: '2001:db8::1', port: 6000 }],
    [`host=h dbname=db user=a password='it\\'s \\\\ blank'`, { password: "it's \\ blank" }],
    ['host = h dbname=db user=a password=b sslmode=disable', { tls: { mode: 'disable' } }],
    [
      'postgres://a:b@h/db?sslmode=verify-full&sslrootcert=ca.pem',
      { tls: { mode: 'verify-full', ca: { file: resolve('ca.pem') } } },
    ],
    [
      'postgres://a:b@h/db?sslmode=require&sslrootcert=/ca.pem',
      { tls: { mode: 'verify-ca', ca: { file: '/ca.pem' } } },
    ],
    ['postgres://a:b@h/db?sslmode=verify-full&sslrootcert=system', { tls: { mode: 'verify-full' } }],
    [
      'postgres://a@h/db?sslcert=/c.pem&sslkey=/k.pem',
      { tls: { certificate: { file: '/c.pem' }, key: { file: '/k.pem' } } },
    ],
  ])('%s is read as psql reads it', async (from, side) => {
    expect(await source(from)).toMatchObject(side)
  })

  test.each([
    ['mysql://a:hunter2@h/db', 'TASK_URL_INVALID'],
    ['postgres://a:hunter2#x@h/db', 'TASK_URL_INVALID'],
    ['postgres://a:12/hunter2@h/db', 'TASK_URL_INVALID'],
    ['postgres://a:12?hunter2@h/db', 'TASK_URL_PARAMETER'],
    ['postgres://a:hunter2%@h/db', 'TASK_URL_INVALID'],
    [`host=h password='hunter2`, 'TASK_URL_INVALID'],
    ['hunter2', 'TASK_URL_INVALID'],
    ['postgres://a:hunter2@h/db?channel_binding=require', 'TASK_URL_PARAMETER'],
    ['postgres://a:hunter2@h/db?sslmode=prefer', 'TASK_URL_SSLMODE'],
    ['dbname=db user=a password=hunter2', 'TASK_URL_HOST_MISSING'],
    ['postgres://a:hunter2@h', 'TASK_URL_DATABASE_MISSING'],
    ['postgres://h/db', 'TASK_URL_USER_MISSING'],
  ])('%s is refused with a code, and nothing of it is said', async (from, code) => {
    const refused = taskOfEnds(from, TO)
    await expect(refused).rejects.toMatchObject({ code })
    await expect(refused).rejects.not.toThrow('hunter2')
  })
})

describe('the environment', () => {
  test('fills in what an end does not say, as for psql', async () => {
    vi.stubEnv('PGUSER', 'env')
    vi.stubEnv('PGPASSWORD', 'secret')
    vi.stubEnv('PGPORT', '6000')
    vi.stubEnv('PGSSLMODE', 'verify-ca')
    vi.stubEnv('PGSSLROOTCERT', '/ca.pem')
    const tls = { mode: 'verify-ca', ca: { file: '/ca.pem' } }
    expect(await source('postgres://h/db')).toEqual({ host: 'h', port: 6000, user: 'env', password: 'secret', tls })
    expect(await source('postgres://a:b@h:1/db')).toMatchObject({ port: 1, user: 'a', password: 'b' })
  })

  test('the password file gives the password of the line that fits', async () => {
    file('.pgpass', 'other:*:*:*:no\nh:5432:db:a:with\\:colon\n*:*:*:*:any\n')
    expect(await source('postgres://a@h/db')).toMatchObject({ password: 'with:colon' })
    vi.stubEnv('PGPASSFILE', file('mine', 'h:*:*:*:mine\n'))
    expect(await source('postgres://a@h/db')).toMatchObject({ password: 'mine' })
    expect(await source('postgres://a@elsewhere/db')).not.toHaveProperty('password')
    vi.stubEnv('PGPASSFILE', file('open', 'h:*:*:*:mine\n', 0o644))
    await expect(source('postgres://a@h/db')).rejects.toMatchObject({ code: 'TASK_PGPASS_UNSAFE' })
  })

  test('a service is read from the service file, and what is given beside it goes before it', async () => {
    vi.stubEnv(
      'PGSERVICEFILE',
      file('services', '# mine\n[old]\nhost=h\nuser=a\npassword=b c\ndbname=db\n\n[next]\nhost=no\n'),
    )
    const side = { host: 'h', port: 5432, user: 'a', password: 'b c', tls: {} }
    expect(await source('service=old')).toEqual(side)
    expect(await source('postgres://z@x/?service=old')).toEqual({ ...side, user: 'z', host: 'x' })
    await expect(source('service=none')).rejects.toMatchObject({ code: 'TASK_SERVICE_UNKNOWN' })
    vi.stubEnv('PGSERVICEFILE', file('wrong', '[old]\nhost h\n'))
    await expect(source('service=old')).rejects.toMatchObject({ code: 'TASK_SERVICE_FILE_INVALID' })
    vi.stubEnv('PGSERVICEFILE', join(directory, 'no-such'))
    await expect(source('service=old')).rejects.toMatchObject({ code: 'TASK_SERVICE_FILE_UNREADABLE' })
  })
})
