import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { handler as copyLane } from '../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as changeRun } from '../../lambdas/stages/copy/pace/change-run-handler.ts'
import { handler as planCopy } from '../../lambdas/stages/copy/plan/plan-handler.ts'
import { apsaraInstance } from '../../local/fakes/alibaba.ts'
import { startFakeClouds } from '../../local/fakes/clouds.ts'
import { planRelations } from '../support/copy-run.ts'
import { stepContext, stepEvent } from '../support/events.ts'
import { adoptDatabase, cheapStrategy, createDatabase, sharedServer, type TestDatabase } from '../support/servers.ts'
import { sampan } from './in-process.ts'
import { spawnSampan } from './spawn-sampan.ts'

process.env.SAMPAN_ARTEFACTS ??= 'file:///tmp/unused'
process.env.SAMPAN_LOG ??= 'off'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sampan-test-limits-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

test('limits finds the destination by its instance, changes every database that copies, and says which does not', {
  tags: 'long',
}, async () => {
  const ddl = 'CREATE TABLE t (id int)'
  const [source, destination] = [
    await createDatabase(sharedServer(15), ddl),
    await createDatabase(sharedServer(18), ddl),
  ]
  const later = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination, { name: 'by-instance' })
  await planRelations(source, destination, event)
  expect((await planCopy(event, stepContext())).verdict).toBe('done')

  const { host, port, user, password } = destination.connection
  const instance = apsaraInstance({ instance: 'pgm-limits', host, port })
  const clouds = await startFakeClouds({ apsara: [instance] })
  const task = join(directory, 'task.json')
  await writeFile(
    task,
    JSON.stringify({
      name: 'by-instance',
      source: { host: 'nowhere.example', user: 'nobody', password: 'none' },
      destination: {
        apsaraInstance: 'pgm-limits',
        region: instance.region,
        user,
        password,
        tls: { mode: 'disable' },
      },
      databases: [
        { name: 'a', as: destination.name },
        { name: 'b', as: later.name },
      ],
    }),
  )
  const { status, stdout, stderr } = await spawnSampan(['limits', task, '--lanes', '2'], clouds.environment).ended
  const latency = await spawnSampan(['limits', task, '--source-latency', '20'], clouds.environment).ended
  const cpu = await spawnSampan(['limits', task, '--source-cpu', '60'], clouds.environment).ended
  const counted = await spawnSampan(['limits', task, '--lanes', 'auto'], clouds.environment).ended
  await clouds.stop()
  expect(counted.stdout).toContain(': 2 lanes (counted, 4 at most), ')
  expect(latency.stdout).toContain(`${destination.name}: 2 lanes, latency of the source below 20 ms\n`)
  expect(cpu).toMatchObject({ status: 2, stderr: expect.stringContaining('TASK_AUTOMATIC_CPU') })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toContain(`${destination.name}: 2 lanes, no other limit\n`)
  expect(stdout).toContain(`${later.name}: has not planned its copy`)
  expect(await destination.query('SELECT lanes FROM sampan.limits')).toEqual([{ lanes: '2' }])
})

test('the function of the stack changes limits of an execution, and takes the run from one that was stopped', async () => {
  const ddl = 'CREATE TABLE t (id int); INSERT INTO t VALUES (1)'
  const [source, destination] = [
    await createDatabase(sharedServer(15), ddl),
    await createDatabase(sharedServer(18), 'CREATE TABLE t (id int)'),
  ]
  const event = stepEvent(source, destination, { name: 'by-stack', execution: 'by-stack-1' })
  await planRelations(source, destination, event)
  expect((await planCopy(event, stepContext())).verdict).toBe('done')

  const machine = 'arn:aws:states:us-east-1:123456789012:stateMachine:Sampan'
  const execution = machine.replace('stateMachine', 'execution')
  const clouds = await startFakeClouds()
  for (const [name, value] of Object.entries(clouds.environment)) vi.stubEnv(name, value)
  vi.stubEnv('SAMPAN_STATE_MACHINE_ARN', machine)
  clouds.state.executions.set(`${execution}:by-stack-1`, 'RUNNING')
  clouds.state.inputs.set(`${execution}:by-stack-1`, event.task)

  const asked = { execution: 'by-stack-1', limits: { lanes: 3, rowsPerSecond: 5 } }
  expect(await changeRun(asked)).toMatchObject({
    databases: [{ database: destination.name, limits: { lanes: 3, rowsPerSecond: 5 } }],
    error: null,
  })
  // Nothing but what an execution was started with: a task of one's own would choose the server that gets a password.
  expect((await changeRun({ ...asked, task: event.task })).error).not.toBeNull()
  expect((await changeRun({ ...asked, execution: 'another' })).error?.code).toBe('AWS_CALL_REFUSED')

  clouds.state.executions.set(`${execution}:by-stack-1`, 'ABORTED')
  expect(await changeRun({ execution: 'by-stack-1', leave: true })).toEqual({
    databases: [],
    left: [destination.name],
    missing: [],
    failed: null,
    error: null,
  })
  // A call of it that is still at work ends at its next look, without a row.
  expect((await copyLane({ ...event, lane: 0 }, stepContext())).verdict).not.toBe('retry')
  expect(await destination.query('SELECT count(*) FROM t')).toEqual([{ count: '0' }])
  expect((await changeRun({ execution: 'by-stack-1', leave: true })).left).toEqual([])
  vi.unstubAllEnvs()
  await clouds.stop()
})

test('of several databases those that are there are told; one that begins later in the same start finds what was asked', {
  tags: 'long',
}, async () => {
  const ddl = 'CREATE TABLE t (id int)'
  const source = await createDatabase(sharedServer(15), ddl)
  const [first, closed] = [await createDatabase(sharedServer(18), ddl), await createDatabase(sharedServer(18), ddl)]
  const [late, last] = [`${first.name}_late`, `${first.name}_last`]
  const task = {
    ...stepEvent(source, first, { name: 'in-turn' }).task,
    databases: [first.name, closed.name, late, last].map((as) => ({ name: `old_${as}`, as })),
  }
  const plan = async (database: TestDatabase, execution: string) => {
    const { task: whole, ...event } = stepEvent(source, database, { ...task, execution })
    await planRelations(source, database, { ...event, task: whole })
    expect((await planCopy({ ...event, task: whole }, stepContext())).verdict).toBe('done')
    const [limits] = await database.query('SELECT lanes, paused, bytes_per_second AS bytes FROM sampan.limits')
    return limits
  }
  const make = async (name: string) => {
    await first.query(`CREATE DATABASE ${name} TEMPLATE template0 ${cheapStrategy(first.server)}`)
    const database = adoptDatabase(first.server, name)
    await database.query(ddl)
    return database
  }
  const path = join(directory, 'in-turn.json')
  await writeFile(path, JSON.stringify(task))

  expect(await plan(first, 'in-turn-1')).toMatchObject({ lanes: '4', paused: 'f' })
  await first.query(`ALTER DATABASE ${closed.name} ALLOW_CONNECTIONS false`)
  const limited = await sampan('limits', path, '--lanes', '2')
  expect(limited.stdout).toBe(
    [
      `${first.name}: 2 lanes, no other limit\n`,
      ...[late, last].map((name) => `${name}: has not planned its copy: what was asked will hold there\n`),
    ].join(''),
  )
  expect([limited.status, limited.stderr]).toEqual([1, expect.stringContaining(closed.name)])
  await first.query(`ALTER DATABASE ${closed.name} ALLOW_CONNECTIONS true`)
  for (const command of [
    ['limits', path, '--megabytes', '3'],
    ['pause', path],
  ])
    expect(await sampan(...command)).toMatchObject({ status: 0, stderr: '' })
  const inLate = await make(late)
  expect(await plan(inLate, 'in-turn-1')).toEqual({ lanes: '2', paused: 't', bytes: '3000000' })

  // The first one is complete; in another start only what is asked of that one holds.
  await first.query("UPDATE sampan.run SET state = 'sealed'")
  await inLate.query("UPDATE sampan.run SET state = 'sealed'")
  expect(await plan(closed, 'in-turn-2')).toMatchObject({ lanes: '4', paused: 'f' })
  const paused = await sampan('pause', path)
  expect([paused.status, paused.stdout]).toEqual([0, expect.stringContaining(`${last}: has not planned`)])
  expect(await plan(await make(last), 'in-turn-2')).toEqual({ lanes: '4', paused: 't', bytes: null })
})
