import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { readTaskFile } from '../../../cli/task-file.ts'
import { deployedProblems } from '../../../lambdas/core/task/deployed-rules.ts'
import { readTask } from '../../../lambdas/core/task/problems.ts'

const folder = new URL('../../../docs/examples/', import.meta.url)
const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))

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
