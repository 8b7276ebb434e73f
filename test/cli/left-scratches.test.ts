import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { scratchPrefix } from '../../lambdas/core/postgres/scratches.ts'
import { handler as report } from '../../lambdas/stages/report/handler.ts'
import { temporaryDirectory } from '../support/directories.ts'
import { stepContext, stepEvent } from '../support/events.ts'
import { adoptDatabase, createDatabase, sharedServer } from '../support/servers.ts'
import { spawnSampan } from './spawn-sampan.ts'

process.env.SAMPAN_ARTEFACTS ??= 'file:///tmp/unused'

/** Enough that new names take a moment. */
const MANY_TABLES = `DO $$ BEGIN FOR n IN 1..60 LOOP
  EXECUTE format('CREATE TABLE "T%s" (a int PRIMARY KEY, b text, CHECK (b <> ''''))', n); END LOOP; END $$`

async function pair() {
  const source = await createDatabase(sharedServer(15), MANY_TABLES)
  const destination = await createDatabase(sharedServer(15))
  const event = stepEvent(source, destination, {
    databases: [{ name: source.name, as: destination.name, names: { case: 'lower' } }],
  })
  const owner = { run: event.run.id, as: destination.name }
  const onlooker = await destination.connect()
  const there = async () => {
    const pattern = `${scratchPrefix(owner)}%`.replaceAll('_', String.raw`\_`)
    const { rows } = await onlooker.query('SELECT datname AS name FROM pg_database WHERE datname LIKE $1', [pattern])
    return rows.map(({ name }) => String(name))
  }
  return { event, owner, destination, there }
}

test('what a run killed in the middle of new names leaves is dropped by the sweep, except where a session is in it', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const { event, owner, destination, there } = await pair()
  const directory = await temporaryDirectory()
  const file = join(directory, 'task.json')
  await writeFile(file, JSON.stringify({ ...event.task, databases: event.task.databases }))
  const run = spawnSampan(['run', file, '--out', join(directory, 'out')])
  const until = performance.now() + 60_000
  while ((await there()).length === 0 && performance.now() < until) await nextTurn()
  run.child.kill('SIGKILL')
  await run.ended
  const [left = ''] = await there()
  expect(left, run.output()).toMatch(/^sampan_scratch_/)
  adoptDatabase(destination.server, left)

  // Another run's, and one that somebody is in.
  const others = [scratchPrefix({ ...owner, run: 'another' }), scratchPrefix({ ...owner, execution: 'at work' })]
  const [another, busy] = others.map((prefix) => adoptDatabase(destination.server, `${prefix}1`))
  for (const each of [another, busy]) await destination.query(`CREATE DATABASE ${each?.name}`)
  const worker = await busy?.connect()
  const swept = await spawnSampan(['sweep', file, '--out', join(directory, 'out')]).ended
  expect(swept).toEqual({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining(`dropped the scratch database ${left}\n`),
  })
  expect(swept.stdout).toContain(`the scratch database ${busy?.name} stays: a session is in it\n`)
  expect(await there()).toEqual([busy?.name])
  expect(await destination.query(`SELECT 1 FROM pg_database WHERE datname = '${another?.name}'`)).toHaveLength(1)
  await worker?.end()
})

test('a run whose database has failed drops at its end what its own calls have left, and no other start’s', async () => {
  const { event, owner, destination, there } = await pair()
  const own = adoptDatabase(destination.server, `${scratchPrefix({ ...owner, execution: event.run.execution })}1`)
  const other = adoptDatabase(destination.server, `${scratchPrefix({ ...owner, execution: 'another start' })}1`)
  for (const { name } of [own, other]) await destination.query(`CREATE DATABASE ${name}`)
  await own.connect()
  const error = {
    kind: 'other',
    code: 'STEP_CRASHED',
    message: 'it was killed',
    remedy: 'start the task again',
  } as const
  const results = [{ database: event.task.databases[0]?.name ?? '', verdict: 'failed', error }] as const
  const ending = { ...event, database: null, failure: null, refused: false, results }
  expect((await report(ending, stepContext())).verdict).toBe('done')
  expect(await there()).toEqual([other.name])
}, 60_000)
