import { describe, expect, it } from 'vitest'
import { handler } from '../../../lambdas/stages/read-task/handler.ts'
import { smallTask } from './tasks.ts'

process.env.SAMPAN_ARTEFACTS ??= 'file:///nowhere'
process.env.SAMPAN_LOG ??= 'off'

const context = { awsRequestId: 'test', getRemainingTimeInMillis: () => 60_000 }
const read = (input: unknown) => handler({ input, execution: 'execution-1', window: null }, context)

describe('ReadTask', () => {
  it('hands on the run, the task with its defaults, and the databases', async () => {
    const input = { ...smallTask(), databases: [{ name: 'shop' }, { name: 'stock', as: 'store' }] }
    const answer = await read(input)
    expect(answer).toMatchObject({ verdict: 'done', pause: 0, window: null, error: null })
    expect(answer.output?.run).toEqual({ id: 'small', execution: 'execution-1' })
    expect(answer.output?.task.lanes).toBe(4)
    expect(answer.output?.task.databases.map(({ name, as }) => `${name} as ${as}`)).toEqual([
      'shop as shop',
      'stock as store',
    ])
    expect(answer.output?.databases).toEqual([0, 1])
  })

  it('gives a task that names no lanes those of the deployment’s size', async () => {
    process.env.SAMPAN_DEFAULT_LANES = '32'
    try {
      expect((await read(smallTask())).output?.task.lanes).toBe(32)
      expect((await read({ ...smallTask(), lanes: 2 })).output?.task.lanes).toBe(2)
      const counted = { ...smallTask(), lanes: 'auto' }
      expect((await read(counted)).output?.task).toMatchObject({ lanes: 'auto', mostLanes: 64 })
      expect((await read({ ...counted, mostLanes: 9 })).output?.task).toMatchObject({ lanes: 'auto', mostLanes: 9 })
    } finally {
      delete process.env.SAMPAN_DEFAULT_LANES
    }
  })

  it('fails a wrong task at once, with its problems as lines', async () => {
    const answer = await read({ ...smallTask(), lanes: 0, mode: 'go', retry: 'often' })
    expect(answer).toMatchObject({ verdict: 'failed', output: null, error: { code: 'TASK_INVALID' } })
    expect(answer.error?.message.split('\n')).toHaveLength(3)
    expect(answer.error?.message).toContain('lanes: is 0 — give a whole number from 1 to 64')
  })

  it('shows ten problems and counts the rest', async () => {
    const databases = Array.from({ length: 50 }, () => ({}))
    const lines = (await read({ ...smallTask(), databases })).error?.message.split('\n')
    expect(lines).toHaveLength(11)
    expect(lines?.at(-1)).toBe('and 40 more: sampan validate lists all')
  })

  it('refuses a password in the input, and does not repeat it', async () => {
    const source = { host: 'a', user: 'u', password: 'hunter2' }
    const answer = await read({ ...smallTask(), source })
    expect(answer.verdict).toBe('failed')
    expect(answer.error?.message).toContain('source.password: would be kept in the execution’s history')
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  })
})
