import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { artefactKey, artefacts } from '../../../lambdas/core/cloud/artefacts.ts'
import { handler as precheck } from '../../../lambdas/stages/precheck/handler.ts'
import { handler } from '../../../lambdas/stages/read-task/handler.ts'
import { handler as takeDatabase } from '../../../lambdas/stages/read-task/take-database-handler.ts'
import { smallTask } from './tasks.ts'

const directory = mkdtempSync(join(tmpdir(), 'sampan-read-task-'))
process.env.SAMPAN_ARTEFACTS = `file://${directory}`

const context = { awsRequestId: 'test', getRemainingTimeInMillis: () => 60_000 }
afterAll(() => rmSync(directory, { recursive: true }))

async function read(input: unknown) {
  const { output, ...answer } = await handler({ input, execution: 'execution-1', window: null }, context)
  if (output?.repeated) throw new Error('this start is no repeated one')
  return { ...answer, output }
}

describe('ReadTask', () => {
  it('hands on the run, the task with its defaults, and the databases', async () => {
    const input = { ...smallTask(), databases: [{ name: 'shop' }, { name: 'stock', as: 'store' }] }
    const answer = await read(input)
    expect(answer).toMatchObject({ verdict: 'done', pause: 0, window: null, error: null })
    expect(answer.output?.run).toEqual({ id: 'small', execution: 'execution-1' })
    expect(answer.output?.task.lanes).toBe(4)
    expect(answer.output).toMatchObject({ task: { databases: [] }, list: { count: 2 }, databases: [0, 1] })
  })

  it('keeps the databases as a document, out of which each iteration takes its own', async () => {
    const input = { ...smallTask(), databases: [{ name: 'shop' }, { name: 'stock', as: 'store', include: ['a.*'] }] }
    const { output } = await read(input)
    if (output === null) throw new Error('the task was refused')
    const { run, task, list } = output
    const event = { run, task, list, endpoints: null, database: null, lane: null, window: null }
    const take = (place: number) => takeDatabase({ ...event, place }, context)
    expect((await take(0)).output).toMatchObject({ database: { name: 'shop', as: 'shop' } })
    expect((await take(1)).output).toEqual({
      database: { name: 'stock', as: 'store' },
      task: { ...task, databases: [{ name: 'stock', as: 'store', include: ['a.*'], exclude: [] }] },
    })
    expect(await take(2)).toMatchObject({ verdict: 'failed', error: { code: 'TASK_LIST_CHANGED' } })
    const store = artefacts({ SAMPAN_ARTEFACTS: `file://${directory}` })
    const key = artefactKey(run, 'databases.json')
    await store.write(key, '[{"name":"other","as":"other"}]', 'application/json')
    expect(await take(0)).toMatchObject({ verdict: 'failed', error: { code: 'TASK_LIST_CHANGED' } })
    await store.remove(key)
    expect(await take(0)).toMatchObject({ verdict: 'failed', error: { code: 'TASK_LIST_MISSING' } })
  })

  it('is where a redriven execution ends, whose access has been closed', async () => {
    const { output } = await read(smallTask())
    if (output === null) throw new Error('the task was refused')
    const { run, task, list } = output
    const event = { run, task, list, endpoints: null, database: null, lane: null, window: null, place: 0 }
    const record = (closingSince: string | null) =>
      artefacts({ SAMPAN_ARTEFACTS: `file://${directory}` }).write(
        ...([artefactKey(run, 'access.json'), JSON.stringify({ closingSince }), 'application/json'] as const),
      )
    await record(null)
    expect((await takeDatabase(event, context)).verdict).toBe('done')
    await record('2026-11-27T12:00:00.000Z')
    const refused = { verdict: 'failed', error: { code: 'EXECUTION_REDRIVEN' } }
    expect(await takeDatabase(event, context)).toMatchObject(refused)
    expect(await precheck(event, context)).toMatchObject(refused)
  })

  it('begins once for an event that is delivered twice: the second execution leaves the run to the first, whatever its task', async () => {
    const deliver = (execution: string, event: string, task: unknown = smallTask()) =>
      handler({ input: { event, task }, execution, window: null }, context)
    const [one, other] = await Promise.all([deliver('a', 'event-1'), deliver('b', 'event-1')])
    const outputs = [one?.output, other?.output]
    const first = outputs.find((output) => output?.repeated === false)
    expect(first).toMatchObject({ repeated: false, task: { name: 'small' } })
    expect(outputs).toContainEqual({ repeated: true, startedBefore: one?.output === first ? 'a' : 'b' })
    // Called again, each finds what it has found; a failed check of the task does not change who was first.
    expect((await deliver('a', 'event-1')).output).toEqual(one?.output)
    expect((await deliver('c', 'event-2', {})).error?.code).toBe('TASK_INVALID')
    expect((await deliver('d', 'event-2', {})).output).toEqual({ repeated: true, startedBefore: 'c' })
    expect((await deliver('e', 'event-3')).output).toMatchObject({ repeated: false })
  })

  it('takes a task with a field too many for a task, and refuses it', async () => {
    expect((await read({ ...smallTask(), event: 'event-1' })).error?.message).toContain('event')
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
