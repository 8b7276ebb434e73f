import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { cutOver } from '../../cli/commands/cutover.ts'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { openSession, planRelations } from '../support/copy-run.ts'
import { temporaryDirectory } from '../support/directories.ts'
import { stepEvent } from '../support/events.ts'
import { runWorkflow, sideOf } from '../support/run.ts'
import { createDatabase, sharedServer, startTestServer } from '../support/servers.ts'
import { spawnSampan } from './spawn-sampan.ts'

test('cutover ends a run that follows, and refuses one that does not; leftovers tells what is on the source', async () => {
  const server = await startTestServer({ major: 15, settings: { wal_level: 'logical' } })
  const source = await createDatabase(server, 'CREATE TABLE items (id int PRIMARY KEY)')
  const destination = await createDatabase(sharedServer(15))
  const task: TaskInput = {
    name: `follow-${randomBytes(4).toString('hex')}`,
    mode: 'follow',
    follow: {},
    source: sideOf(source.connection),
    destination: sideOf(destination.connection),
    databases: [{ name: source.name, as: destination.name }],
  }
  const directory = await temporaryDirectory()
  const file = join(directory, 'task.json')
  await writeFile(file, JSON.stringify(task))
  expect(await spawnSampan(['cutover', file]).ended).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('RUN_NOT_FOLLOWING'),
  })
  // Rows are there, and nobody follows yet, or any more: writers are not to stand still for that.
  const other = await createDatabase(sharedServer(15))
  await planRelations(source, other, { ...stepEvent(source, other), run: { id: 'alone', execution: 'e' } })
  await other.query(`UPDATE sampan.run SET copied_at = now()`)
  await other.query(`INSERT INTO sampan.stream (run, slot, publication, state) VALUES ('alone', 's', 'p', 'open')`)
  const askedAt = async () => (await other.query('SELECT cutover_at, withdrawn FROM sampan.stream'))[0]
  const session = await openSession(other, 'destination')
  const followed = [{ name: other.name, session }]
  await expect(cutOver(followed, 'alone', false, 50)).rejects.toMatchObject({ code: 'RUN_NOT_FOLLOWING' })
  expect(await askedAt()).toEqual({ cutover_at: null, withdrawn: null })
  const follower = await other.connect({ application_name: 'sampan:alone:follow-control' })
  const asking = cutOver(followed, 'alone', false, 50)
  const refused = expect(asking).rejects.toMatchObject({ code: 'RUN_NOT_FOLLOWING' })
  while ((await askedAt())?.cutover_at === null) await sleep(20)
  await follower.end()
  await refused
  expect(await askedAt()).toEqual({ cutover_at: null, withdrawn: expect.stringContaining('nobody applies') })
  await session.close()
  const running = runWorkflow(task, directory)
  const caughtUp = () => destination.query(`SELECT 1 FROM sampan.event WHERE code = 'FOLLOW_CAUGHT_UP'`).catch(() => [])
  while ((await caughtUp()).length === 0) await sleep(100)
  const left = await spawnSampan(['leftovers', file]).ended
  expect(left.stdout).toMatch(/slot sampan_[0-9a-f]{16} of this run, keeps [\s\S]*publication sampan_/)
  expect(await spawnSampan(['leftovers', file, '--guard']).ended).toMatchObject({ status: 0, stdout: '' })
  await source.query('INSERT INTO items VALUES (1)')
  expect(await spawnSampan(['cutover', file]).ended).toMatchObject({ status: 0, stderr: '' })
  expect((await running).error).toBeNull()
  expect(await destination.query('SELECT id FROM items')).toEqual([{ id: '1' }])
  expect((await spawnSampan(['leftovers', file, '--drop']).ended).stdout).toContain('nothing is left')
}, 120_000)
