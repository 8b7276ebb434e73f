import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { stepOf, stepsUpTo } from '../../cli/status/look.ts'
import { showRun } from '../../cli/status/run-status.ts'
import { taskSchema } from '../../lambdas/core/task/task.ts'
import { handler as planCopy } from '../../lambdas/stages/copy/plan/plan-handler.ts'
import { planRelations } from '../support/copy-run.ts'
import { temporaryDirectory } from '../support/directories.ts'
import { stepContext, stepEvent } from '../support/events.ts'
import { createDatabase, sharedServer } from '../support/servers.ts'
import { migrate } from '../support/whole-run.ts'
import { listen, sampan } from './in-process.ts'

process.env.SAMPAN_ARTEFACTS ??= 'file:///tmp/unused'

async function fileOf(task: object): Promise<string> {
  const path = join(await temporaryDirectory(), 'task.json')
  await writeFile(path, JSON.stringify(task))
  return path
}

test('the run of a task is told by its ledger: what is done, and that a name is unknown', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)')
  const destination = await createDatabase(sharedServer(18))
  const { input } = await migrate(source, destination)
  const task = await fileOf(input)
  expect(await sampan('status', task)).toEqual({
    status: 0,
    stdout: `Run ${input.name}\n  ${source.name}  ✔ done\n`,
    stderr: '',
  })
  const { databases } = JSON.parse((await sampan('status', task, '--json')).stdout)
  expect(databases).toMatchObject([
    { database: source.name, as: destination.name, state: 'sealed', step: null, rows: 1 },
  ])
  // It has ended: there is nothing to wait for.
  const watched = await sampan('status', task, '--watch')
  expect(watched.status).toBe(0)
  expect(watched.stdout).toMatch(/Copy rows .*1 row/)
  const other = await sampan('status', await fileOf({ ...input, name: 'another' }))
  expect(other).toMatchObject({ status: 1, stdout: '' })
  expect(other.stderr).toContain('RUN_UNKNOWN')
})

test('of a run that nobody works for it says so; pause and resume change what holds when it goes on', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const ddl = 'CREATE TABLE t (id int)'
  const [source, destination] = [
    await createDatabase(sharedServer(15), ddl),
    await createDatabase(sharedServer(18), ddl),
  ]
  const event = stepEvent(source, destination, { name: 'left-alone' })
  await planRelations(source, destination, event)
  expect((await planCopy(event, stepContext())).verdict).toBe('done')
  const task = await fileOf({ ...event.task, databases: [{ name: source.name, as: destination.name }] })
  const { stdout } = await sampan('status', task)
  expect(stdout).toContain(`  ${source.name}  Plan`)
  expect(stdout).toContain(`Nobody is at work for ${source.name}: start the task again`)
  expect((await sampan('pause', task)).stdout).toMatch(/paused: sampan resume lets it go on\n$/)
  expect(await destination.query('SELECT paused FROM sampan.limits')).toEqual([{ paused: 't' }])
  expect((await sampan('resume', task)).stdout).not.toContain('paused')
  expect(await destination.query('SELECT paused FROM sampan.limits')).toEqual([{ paused: 'f' }])

  // One that is not made yet waits; the watching ends when nobody has been at work for some looks, or by Ctrl-C.
  const two = {
    ...event.task,
    databases: [
      { name: source.name, as: destination.name },
      { name: 'later', as: `${destination.name}_later` },
    ],
  }
  const both = await fileOf(two)
  const shown = await sampan('status', both)
  expect([shown.status, shown.stdout]).toEqual([0, expect.stringMatching(/ {2}later +waits\n/)])
  const watching = { at: undefined, watch: true, json: false, signal: new AbortController().signal, patience: 2 }
  const watchedBoth = () =>
    listen(async () => {
      process.exitCode = await showRun(taskSchema.parse(two), watching)
    })
  const left = `Nobody is at work for ${source.name}, later: start the task again, and it goes on where it was\n`
  expect(await watchedBoth()).toMatchObject({ status: 1, stderr: left })
  const watched = sampan('status', both, '--watch')
  while (process.listenerCount('SIGINT') === 0) await turn()
  process.emit('SIGINT')
  expect((await watched).status).toBe(130)
  await destination.query("UPDATE sampan.run SET state = 'sealed', sealed_at = now()")
  expect(await watchedBoth()).toMatchObject({ status: 1, stderr: left.replace(`${source.name}, `, '') })
  for (const command of ['pause', 'resume']) {
    const refused = await sampan(command, task)
    const stdout = `${destination.name}: is complete: nothing is copied any more\n`
    expect(refused).toMatchObject({ status: 1, stdout, stderr: expect.stringContaining('RUN_IS_COMPLETE') })
  }
  expect(await destination.query('SELECT paused FROM sampan.limits')).toEqual([{ paused: 'f' }])
})

test('the step that a run is at follows from its marks', () => {
  const marks = {
    state: 'open',
    objectsPlannedAt: null,
    copyPlannedAt: null,
    copiedAt: null,
    validationPlannedAt: null,
  } as const
  const counts = { chunksDone: 0, bytesMoving: 0, indexes: 2, indexesDone: 1, parts: 2, partsDone: 1 }
  const planned = { ...marks, objectsPlannedAt: 'x', copyPlannedAt: 'x' }
  expect(stepOf(marks, counts)).toBe('PlanObjectsFunction')
  expect(stepOf({ ...marks, objectsPlannedAt: 'x' }, counts)).toBe('PlanCopyFunction')
  expect(stepOf(planned, counts)).toBe('CreateObjectsFunction')
  expect(stepOf(planned, { ...counts, bytesMoving: 1 })).toBe('CopyLaneFunction')
  expect(stepOf({ ...planned, copiedAt: 'x' }, counts)).toBe('BuildIndexesFunction')
  expect(stepOf({ ...planned, copiedAt: 'x' }, { ...counts, indexesDone: 2 })).toBe('LinkObjectsFunction')
  expect(stepOf({ ...planned, copiedAt: 'x', validationPlannedAt: 'x' }, counts)).toBe('ValidateLaneFunction')
  expect(stepOf({ ...planned, copiedAt: 'x', validationPlannedAt: 'x' }, { ...counts, partsDone: 2 })).toBe(
    'SealFunction',
  )
  expect(stepOf({ ...planned, state: 'sealed' }, counts)).toBeNull()
  expect(stepsUpTo('CopyLaneFunction')).toEqual(['PlanObjectsFunction', 'CreateObjectsFunction', 'CopyLaneFunction'])
  expect(stepsUpTo(null).at(-1)).toBe('SealFunction')
})
