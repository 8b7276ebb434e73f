import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { taskExample } from '../../lambdas/core/task/example.ts'
import { taskJsonSchema } from '../../lambdas/core/task/json-schema.ts'

const command = fileURLToPath(new URL('../../cli/sampan.ts', import.meta.url))
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sampan-test-command-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

function sampan(args: readonly string[], input?: string) {
  const environment = { ...process.env, NO_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', command, ...args], {
    encoding: 'utf8',
    env: environment,
    ...(input === undefined ? {} : { input }),
  })
  return { status, stdout, stderr }
}

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, text)
  return path
}

describe('sampan validate', () => {
  it('ends with 0 for a valid task', async () => {
    const path = await file('valid.json', JSON.stringify(taskExample))
    expect(sampan(['validate', path])).toMatchObject({ status: 0, stderr: '' })
  })

  it('ends with 2 and prints every problem with path, cause and remedy', async () => {
    const path = await file('wrong.json', JSON.stringify({ ...taskExample, mode: 'migrat', lanes: 0 }))
    const { status, stderr } = sampan(['validate', path])
    expect(status).toBe(2)
    expect(stderr).toBe(
      `${path}: 2 problems
TASK_CHOICE  mode is "migrat"
             did you mean "migrate"?
TASK_RANGE  lanes is 0
            give a whole number from 1 to 64
`,
    )
  })

  it('reads standard input, and answers as JSON', () => {
    const { status, stdout } = sampan(['validate', '-', '--json'], '{}')
    expect(status).toBe(2)
    const answer = JSON.parse(stdout)
    expect(answer.valid).toBe(false)
    expect(answer.problems.map(({ path }: { path: string }) => path)).toEqual([
      'name',
      'source',
      'destination',
      'databases',
    ])
  })

  it('says where a text stops being JSON, and quotes nothing of it', () => {
    const { status, stderr } = sampan(['validate', '-'], '{\n  "source": { "password": "hunter2" hunter2 }\n}')
    expect(status).toBe(2)
    expect(stderr).toContain('TASK_NOT_JSON  standard input is not JSON: line 2, column 37')
    expect(stderr).not.toContain('hunter2')
  })

  it('reads comments and a comma too many', () => {
    const text = JSON.stringify(taskExample, null, 2).replace(/\n}$/, ', // the end\n}')
    expect(text).toContain(', // the end')
    expect(sampan(['validate', '-'], `/* the shop */\n${text}`)).toMatchObject({ status: 0 })
  })

  it('says that a key stands twice, and where', () => {
    const { status, stderr } = sampan(
      ['validate', '-'],
      '{\n  "name": "a",\n  "databases": [{ "name": "x", "name": "hunter2" }]\n}',
    )
    expect(status).toBe(2)
    expect(stderr).toContain(
      'TASK_KEY_TWICE  standard input names "name" twice in one object: the second time in line 3, column 32',
    )
    expect(stderr).not.toContain('hunter2')
  })

  it('names a file that is not there', () => {
    expect(sampan(['validate', '/no/such.json'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('TASK_FILE_UNREADABLE  there is no file /no/such.json'),
    })
  })
})

describe('a task that is none', () => {
  it.each([
    ['', 'TASK_NOT_JSON  standard input is empty'],
    [' \n', 'TASK_NOT_JSON  standard input is empty'],
  ])('is told what %j is', (text, message) => {
    const { status, stderr } = sampan(['validate', '-'], text)
    expect(status).toBe(2)
    expect(stderr).toContain(message)
  })

  it('is told that a directory is one', () => {
    const { status, stderr } = sampan(['validate', directory])
    expect(status).toBe(2)
    expect(stderr).toContain(`TASK_FILE_UNREADABLE  ${directory} is a directory`)
  })
})

describe('sampan run', () => {
  it('takes no name of an execution that could lead out of its directory', () => {
    const { status, stderr } = sampan(['run', '-', '--execution', '../x'], '{}')
    expect(status).toBe(2)
    expect(stderr).toContain('give 1 to 80 letters, digits, - and _')
  })

  it('begins nothing where it may not write what it will have to tell', async () => {
    const path = await file('right.json', JSON.stringify(taskExample))
    const { status, stderr } = sampan(['run', path, '--out', join(path, 'out')])
    expect(status).toBe(2)
    expect(stderr).toContain(`OUT_NOT_WRITABLE  ${join(path, 'out')} is a file, or lies below one`)
  })

  it('starts nothing for a wrong task', async () => {
    const path = await file('wrong.json', '{"name": "x"}')
    const { status, stderr } = sampan(['run', path, '--out', join(directory, 'never')])
    expect(status).toBe(2)
    expect(stderr).toContain('TASK_MISSING  source is missing')
  })
})

describe('sampan', () => {
  it('prints the JSON Schema of a task', () => {
    const { status, stdout } = sampan(['schema'])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual(taskJsonSchema())
    const types = JSON.parse(sampan(['schema', '--events']).stdout).oneOf.map(
      ({ properties }: { properties: { type: { const: string } } }) => properties.type.const,
    )
    const page = readFileSync(new URL('../../docs/live-page.md', import.meta.url), 'utf8')
    expect([...page.matchAll(/^\| `(\w+)` +\| (?!When)/gm)].map(([, type]) => type)).toEqual(types)
  })

  it('teaches: commands, a task, exit status, where things are written', () => {
    const { status, stdout } = sampan(['--help'])
    expect(status).toBe(0)
    for (const word of ['run', 'validate', 'schema', 'start', 'status', 'stop', 'report'])
      expect(stdout).toContain(word)
    for (const part of ['Examples', 'Exit status', 'Passwords', 'report.json', '"rdsInstance"']) {
      expect(stdout).toContain(part)
    }
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(130)
  })

  it('ends with 2 for a command line it does not understand, and says what was meant', { tags: 'long' }, () => {
    expect(sampan(['validat'])).toMatchObject({ status: 2, stderr: expect.stringContaining('did you mean validate?') })
    expect(sampan(['run', 'x', '--ot', 'y'])).toMatchObject({ status: 2, stderr: expect.stringContaining('--out') })
    expect(sampan(['run'])).toMatchObject({ status: 2 })
  })

  it('refuses to start a task whose password would be kept in the history', async () => {
    const source = { host: 'a', user: 'u', password: 'hunter2' }
    const path = await file('inline.json', JSON.stringify({ ...taskExample, source }))
    const { status, stderr } = sampan(['start', path, '--region', 'us-east-1'])
    expect(status).toBe(2)
    expect(stderr).toContain('TASK_PASSWORD_IN_HISTORY')
    expect(stderr).not.toContain('hunter2')
  })
})
