import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { readTaskFile } from '../../../cli/task-file.ts'
import { deployedProblems } from '../../../lambdas/core/task/deployed-rules.ts'
import { readTask } from '../../../lambdas/core/task/problems.ts'

const folder = new URL('../../../docs/examples/', import.meta.url)
const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))

const root = new URL('../../../', import.meta.url)
const docs = (await readdir(new URL('docs/', root))).filter((name) => name.endsWith('.md'))
const pages = ['README.md', ...docs.map((name) => `docs/${name}`)]

const servers = {
  name: 'shop-move',
  source: { host: 'old.example', user: 'reader', secret: 'env:OLD_PASSWORD' },
  destination: { host: 'new.example', user: 'owner', secret: 'env:NEW_PASSWORD' },
  databases: [{ name: 'shop' }],
}

/** The tasks of a page; of those that show a part, the part in a task of two servers. */
async function tasksOf(page: string): Promise<readonly unknown[]> {
  const text = await readFile(new URL(page, root), 'utf8')
  return Array.from(text.matchAll(/^```jsonc\n(.*?)^```$/gms), ([, block = '']) => {
    const json = block.replaceAll(/("(?:[^"\\]|\\.)*")|\/\/.*$/gm, '$1').trim()
    if (json.startsWith('{')) return JSON.parse(json)
    const { tables, ...part } = JSON.parse(`{${json}}`)
    return { ...servers, ...(tables === undefined ? {} : { databases: [{ name: 'shop', tables }] }), ...part }
  })
}

describe('every task that a page shows is valid', async () => {
  const shown = await Promise.all(pages.map(async (page) => ({ page, tasks: await tasksOf(page) })))
  test.each(shown.filter(({ tasks }) => tasks.length > 0))('$page', ({ tasks }) => {
    for (const task of tasks) expect(readTask(task).problems).toEqual([])
  })

  test('in the README and beside what is said of rows and of names', () => {
    const numbers = Object.fromEntries(shown.map(({ page, tasks }) => [page, tasks.length]))
    expect(numbers).toMatchObject({ 'README.md': 2, 'docs/etl.md': 3, 'docs/names.md': 2 })
  })
})

test('every example is named on a page', async () => {
  const texts = await Promise.all(pages.map((page) => readFile(new URL(page, root), 'utf8')))
  const unnamed = names.filter((name) => !texts.some((text) => text.includes(`examples/${name})`)))
  expect(unnamed).toEqual([])
})

describe('every example of the documentation is a valid task', () => {
  test.each(names)('%s', async (name) => {
    const content: unknown = JSON.parse(await readFile(new URL(name, folder), 'utf8'))
    // An event carries the task as text, as `aws events put-events` wants it.
    const tasks = Array.isArray(content) ? content.map((entry) => JSON.parse(entry.Detail)) : [content]
    expect(tasks.length).toBeGreaterThan(0)
    for (const task of tasks) {
      expect(readTask(task).problems).toEqual([])
      if (task.destination.apsaraInstance === undefined) continue
      // As it is deployed by default; and Alibaba Cloud's own authority is known to nobody who is not told.
      expect(deployedProblems(task, { secrets: ['sampan/*'], unverifiedHosts: [], hosts: [] })).toEqual([])
      expect(task.destination.tls).toEqual({ ca: { secret: 'sampan/apsaradb-ca' } })
    }
  })
})

test('entries for put-events are told to be none, where a task is wanted', async () => {
  await expect(readTaskFile(new URL('event.json', folder).pathname)).rejects.toMatchObject({
    code: 'TASK_IS_EVENT',
    remedy: expect.stringContaining('Detail'),
  })
})
