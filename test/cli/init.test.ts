import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { askTask } from '../../cli/init/ask-task.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import { sampan } from './in-process.ts'

const directory = mkdtempSync(join(tmpdir(), 'sampan-test-init-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** Answers question after question; `said` is what is told between them. */
async function answer(...answers: readonly string[]) {
  const said: string[] = []
  const questions: string[] = []
  const rest = [...answers]
  const task = await askTask(
    async (question) => {
      questions.push(question)
      const next = rest.shift()
      if (next === undefined) throw new Error(`no answer to ${question}`)
      return next
    },
    (line) => said.push(line),
  )
  expect(rest).toEqual([])
  return { task, said, questions }
}

describe('the questions of sampan init', () => {
  test('make a valid task of two servers, mostly by what they suggest', async () => {
    const side = (host: string, user: string) => [host, '', user, '', '', '']
    const { task, said } = await answer(
      ...side('old.example', 'reader'),
      ...side('new.example', 'owner'),
      'shop, billing',
      '',
    )
    expect(said).toEqual([])
    expect(task).toEqual({
      name: 'shop-move',
      source: {
        host: 'old.example',
        port: 5432,
        user: 'reader',
        secret: 'env:SOURCE_PASSWORD',
        tls: { mode: 'verify-full' },
      },
      destination: {
        host: 'new.example',
        port: 5432,
        user: 'owner',
        secret: 'env:DESTINATION_PASSWORD',
        tls: { mode: 'verify-full' },
      },
      databases: [{ name: 'shop' }, { name: 'billing' }],
    })
    expect(readTask(task).problems).toEqual([])
  })

  test('make a valid task of two instances', async () => {
    const { task } = await answer(
      ...['rds:orders-prod', '', 'reader', 'secret:sampan/orders', ''],
      ...['apsara:pgm-3nsabcde12345678', 'ap-southeast-1', 'owner', 'file:/run/pw', 'verify-ca', '/ca.pem'],
      ...['orders', 'orders-to-singapore'],
    )
    expect(task).toMatchObject({
      name: 'orders-to-singapore',
      source: { rdsInstance: 'orders-prod', region: 'us-east-1', secret: 'sampan/orders' },
      destination: {
        apsaraInstance: 'pgm-3nsabcde12345678',
        secret: 'file:/run/pw',
        tls: { mode: 'verify-ca', ca: { file: '/ca.pem' } },
      },
    })
    expect(readTask(task).problems).toEqual([])
  })

  test('are put again where an answer breaks a rule, and a password is not taken', async () => {
    const { task, said } = await answer(
      ...['a/b', 'old.example', 'x', '5433', '', 'reader', 'hunter2', '', 'prefer', 'disable'],
      ...['new.example', '', 'owner', '', 'require', '', 'shop, shop', 'shop', 'My Run', 'my-run'],
    )
    expect(said.map((line) => line.trim().split(/[ :]/, 2).join(' '))).toEqual([
      'source.host is',
      'source.port is',
      'give the',
      'give env',
      'source.tls.mode is',
      'name at',
      'databases[1].name is',
      'name is',
    ])
    expect(JSON.stringify([task, said])).not.toContain('hunter2')
    expect(readTask(task).problems).toEqual([])
  })
})

describe('sampan init', () => {
  test('writes a task of both ends without their passwords, and says what to do next', async () => {
    const path = join(directory, 'given.json')
    const ends = ['--from', 'postgres://a:hunter2@old.example/shop', '--to', 'postgres://b:hunter2@new.example']
    const { status, stdout, stderr } = await sampan('init', path, ...ends)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`  sampan validate ${path}\n  sampan run ${path}\n`)
    expect(stdout).toContain('SOURCE_PASSWORD and DESTINATION_PASSWORD')
    const text = readFileSync(path, 'utf8')
    expect(`${text}${stdout}`).not.toContain('hunter2')
    expect(readTask(JSON.parse(text)).problems).toEqual([])
  })

  test('writes over no file', async () => {
    const path = join(directory, 'there.json')
    writeFileSync(path, 'mine')
    const { status, stderr } = await sampan('init', path)
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('INIT_FILE_EXISTS') })
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })

  test('asks on a terminal only', async () => {
    const path = join(directory, 'none.json')
    const { status, stderr } = await sampan('init', path)
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('INIT_NO_TERMINAL') })
    expect(existsSync(path)).toBe(false)
  })
})

describe('a command that takes a task', () => {
  test.each([
    [['validate'], 'TASK_NOT_GIVEN'],
    [['validate', '--from', 'postgres://a:hunter2@h/db'], 'TASK_END_MISSING'],
    [['validate', 'x.json', '--from', 'postgres://a:hunter2@h/db'], 'TASK_GIVEN_TWICE'],
    [['validate', 'x.json', '--acknowledge', 'DST_VERSION_DIFFERS'], 'TASK_GIVEN_TWICE'],
    [['run', '--from', 'postgres://a:hunter2@h/db', '--to', 'postgres://a:hunter2@h/db'], 'TASK_SAME_DATABASE'],
  ])('%j ends with 2 and a code', async (args, code) => {
    const { status, stdout, stderr } = await sampan(...args)
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: expect.stringContaining(code) })
    expect(stderr).not.toContain('hunter2')
  })

  test('takes both ends instead', async () => {
    const ends = ['--from', 'postgres://a:b@h/db', '--to', 'postgres://a:b@i/db']
    expect(await sampan('validate', ...ends)).toMatchObject({
      status: 0,
      stdout: '--from and --to: a valid task, 1 database(s)\n',
    })
  })
})
