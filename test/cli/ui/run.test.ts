import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventSchema } from '../../../cli/progress/events.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { sideOf } from '../../support/run.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { spawnSampan } from '../spawn-sampan.ts'
import { openEvents } from './events-source.ts'

test('a run is looked on by its page, let go faster from there, and ends there as on the screen', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    "CREATE TABLE clients (id int PRIMARY KEY, note text); INSERT INTO clients SELECT n, 'hunter2-' || n FROM generate_series(1, 60000) n",
  )
  const destination = await createDatabase(sharedServer(18))
  const directory = await temporaryDirectory()
  const task = join(directory, 'task.json')
  await writeFile(
    task,
    JSON.stringify({
      name: 'looked-on',
      source: sideOf(source.connection),
      destination: sideOf(destination.connection),
      databases: [{ name: source.name, as: destination.name }],
      throttle: { rowsPerSecond: 1000 },
      precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
    }),
  )
  const run = spawnSampan(['run', task, '--out', join(directory, 'out'), '--json', '--ui'])
  onTestFinished(() => void run.child.kill())
  const address = () => /Live page, for this machine only: (http:\S+)/.exec(run.output())?.[1]
  await expect.poll(address, { timeout: 30_000 }).toBeDefined()
  const url = address() ?? ''
  expect(await (await fetch(url)).text()).toContain('</html>')

  const events = await openEvents(url)
  const seen: string[] = []
  const until = async (holds: (all: string) => boolean) => {
    while (!holds(seen.at(-1) ?? '')) seen.push(JSON.stringify(await events.next('show')))
  }
  await until((shown) => shown.includes('public.clients'))
  expect(seen.join('\n')).toContain('1000 rows/s')
  // One that is opened in the middle has all of it.
  const other = await openEvents(url)
  expect((await other.next('show')).sections.steps).toContain('Check both sides')
  other.close()
  const answer = await fetch(new URL('limits', url), {
    method: 'POST',
    headers: { origin: new URL(url).origin },
    body: JSON.stringify({ rowsPerSecond: 'none' }),
  })
  expect(await answer.json()).toMatchObject({ lines: [expect.stringContaining('no other limit')], error: null })
  await until((shown) => shown.includes('exit status'))
  expect(seen.at(-1)).toMatch(/Succeeded.*exit status 0/)
  await events.next('over')
  expect(await events.ended).toBe(true)

  const { status, stdout, stderr } = await run.ended
  expect({ status, stderr }).toEqual({ status: 0, stderr: `Live page, for this machine only: ${url}\n` })
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => eventSchema.parse(JSON.parse(line)))
  expect(lines[0]).toMatchObject({ type: 'run', name: 'looked-on', databases: [source.name] })
  expect(lines.at(-1)).toMatchObject({ type: 'end', exitStatus: 0 })
  expect(new Set(lines.map(({ type }) => type))).toEqual(new Set(['run', 'stage', 'counts', 'tables', 'lanes', 'end']))
  // Neither a row's value nor the page's address is kept; passwords of test servers stand in the task alone.
  expect(stdout + seen.join('\n')).not.toMatch(/hunter2-\d/)
  expect(stdout).not.toContain(new URL(url).pathname)
  expect(await destination.query('SELECT count(*) AS n FROM clients')).toEqual([{ n: '60000' }])
})
