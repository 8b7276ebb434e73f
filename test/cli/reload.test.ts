import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reloadInOpenRun } from '../../cli/reload/reload-open.ts'
import { openDestination } from '../../lambdas/core/postgres/sessions.ts'
import { parseTablePattern, type TablePattern } from '../../lambdas/core/task/pattern.ts'
import { handler as planCopy } from '../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../support/copy-round.ts'
import { planRelations } from '../support/copy-run.ts'
import { temporaryDirectory } from '../support/directories.ts'
import { stepContext, stepEvent } from '../support/events.ts'
import { createDatabase, sharedServer } from '../support/servers.ts'
import { migrate } from '../support/whole-run.ts'
import { sampan } from './in-process.ts'
import { spawnSampan } from './spawn-sampan.ts'

process.env.SAMPAN_ARTEFACTS ??= 'file:///tmp/unused'
process.env.SAMPAN_LOG ??= 'off'

const patterns = (...texts: readonly string[]) => texts.map((text) => parseTablePattern(text) as TablePattern)

test('a table of a complete run is copied again in one transaction: refused where rows would be lost, taken back where it is killed', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE parent (id int PRIMARY KEY, name text); INSERT INTO parent SELECT n, 'p' || n FROM generate_series(1, 40) n;
     CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent); INSERT INTO child SELECT n, n FROM generate_series(1, 40) n;
     CREATE TABLE bare (n int); INSERT INTO bare VALUES (1), (1), (2);
     CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept VALUES (1), (2);
     CREATE TABLE beside (id int PRIMARY KEY); INSERT INTO beside VALUES (1), (2)`,
  )
  const destination = await createDatabase(
    sharedServer(18),
    `CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept VALUES (7);
     CREATE TABLE beside (id int PRIMARY KEY); INSERT INTO beside VALUES (7)`,
  )
  const tables = { 'public.kept': { conflicts: 'truncate' }, 'public.beside': { conflicts: 'ignore' } } as const
  const { outcome, input } = await migrate(source, destination, {
    databases: [{ name: source.name, as: destination.name, tables }],
    precheck: { acknowledge: ['DST_VERSION_DIFFERS', 'REG_COLUMNS', 'DST_ROWS_GIVE_WAY'] },
  })
  expect(outcome.exitStatus).toBe(0)
  const directory = await temporaryDirectory()
  const task = join(directory, `${randomBytes(4).toString('hex')}.json`)
  await writeFile(task, JSON.stringify(input))
  const args = (...more: string[]) => ['reload', task, '--out', join(directory, 'out'), '--quiet', ...more]
  const rows = async (table: string, { query } = destination) =>
    (await query(`SELECT string_agg(t::text, ' ' ORDER BY t::text) AS rows FROM ${table} t`))[0]?.rows

  await destination.query(`UPDATE parent SET name = 'x'; DELETE FROM parent WHERE id > 40; INSERT INTO bare VALUES (7);
    DELETE FROM bare WHERE n = 2; INSERT INTO parent VALUES (99, 'ours')`)
  const before = { parent: await rows('parent'), bare: await rows('bare') }
  const lossy = await sampan(...args('--table', 'public.parent', '--table', 'public.bare'))
  expect(lossy).toMatchObject({ status: 1, stderr: expect.stringContaining('RELOAD_LOSES_ROWS') })
  expect(lossy.stderr).toContain('public.bare (1), public.parent (1)')
  expect(await sampan(...args('--table', 'public.none'))).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('COMPARE_NO_TABLE'),
  })
  // What stood there before is a table like the others where its rows went, and is somebody's where they stayed.
  await destination.query('DELETE FROM kept WHERE id = 2; DELETE FROM beside WHERE id = 2')
  expect(await sampan(...args('--table', 'public.beside', '--lose-rows'))).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('REPAIR_BESIDE'),
  })
  expect(await rows('beside')).toBe('(1) (7)')

  // Rows come slowly to the reload alone, so that it is killed between the old rows and the new ones.
  await destination.query(`
    CREATE FUNCTION slow(id int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
      IF current_setting('application_name') LIKE '%:repair%' THEN PERFORM pg_sleep(1); END IF; RETURN true; END $$;
    ALTER TABLE parent ADD CONSTRAINT slow CHECK (slow(id)) NOT VALID`)
  const killed = spawnSampan(args('--table', 'public.parent', '--lose-rows'))
  const copying = async () =>
    (
      await destination.query(`SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE '%:repair%' AND query LIKE '%COPY%' AND wait_event = 'PgSleep'`)
    )[0]?.n
  await expect.poll(copying, { timeout: 60_000, interval: 100 }).toBe('1')
  killed.child.kill('SIGKILL')
  await killed.ended
  const left = `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'sampan:%'`
  await Promise.all([source.query(left), destination.query(left)])
  await destination.query('ALTER TABLE parent DROP CONSTRAINT slow; DROP FUNCTION slow')
  expect({ parent: await rows('parent'), bare: await rows('bare') }).toEqual(before)

  const reloaded = await sampan(
    ...args('--table', 'public.parent', '--table', 'public.bare', '--table', 'public.kept', '--lose-rows'),
  )
  expect(reloaded).toMatchObject({ status: 0, stderr: '' })
  for (const table of ['parent', 'child', 'bare', 'kept']) expect(await rows(table)).toBe(await rows(table, source))
  expect(await destination.query('SELECT name, deleted, inserted FROM sampan.repair ORDER BY name')).toEqual([
    { name: 'bare', deleted: '3', inserted: '3' },
    { name: 'kept', deleted: '1', inserted: '2' },
    { name: 'parent', deleted: '41', inserted: '40' },
  ])
  // Still sealed, and nobody may write behind it any more.
  expect(await destination.query('SELECT state, repaired_by FROM sampan.run')).toEqual([
    { state: 'sealed', repaired_by: null },
  ])
})

test('a table of a run that copies goes back to its lanes; not once the copy has ended, nor for a start that has lost the run', async () => {
  const ddl = 'CREATE TABLE small (id int, note text); CREATE TABLE plain (id int, note text);'
  const source = await createDatabase(
    sharedServer(15),
    `${ddl} INSERT INTO small SELECT g, 's' FROM generate_series(1, 10) g; INSERT INTO plain SELECT g, repeat('x', 84) FROM generate_series(1, 1000) g`,
  )
  const destination = await createDatabase(sharedServer(18), ddl)
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  await planCopy(event, stepContext())
  const open = (execution: string) =>
    openDestination({ ...event, run: { ...event.run, execution } }, process.env, { purpose: 'reload' })
  const [own, other] = [await open(event.run.execution), await open('another')]
  const reload = (session = own, table = 'public.small') => reloadInOpenRun(session, event.run.id, patterns(table))
  const directory = await temporaryDirectory()
  const command = async (change: object, table = 'public.small') => {
    const task = join(directory, 'task.json')
    await writeFile(task, JSON.stringify({ ...event.task, ...change }))
    return sampan('reload', task, '--table', table, '--out', directory)
  }
  // One whose turn comes later is no obstacle, and is copied once.
  const later = { databases: [event.database, { name: 'later', as: `${destination.name}_later` }] }
  const count = async (table: string) => (await destination.query(`SELECT count(*) AS n FROM ${table}`))[0]?.n
  try {
    expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done' })
    await destination.query('DELETE FROM small WHERE id < 8')
    await expect(reload()).rejects.toMatchObject({ code: 'RELOAD_COPY_ENDED' })
    expect(await count('small')).toBe('3')
    // As a process leaves it that was killed behind the last receipt.
    await destination.query('UPDATE sampan.run SET copied_at = NULL, copy_ended_at = NULL')
    await expect(reload(own, 'public.none')).rejects.toMatchObject({ code: 'RELOAD_NO_TABLE' })
    await expect(reload(other)).rejects.toMatchObject({ code: 'RUN_TAKEN_OVER' })
    expect(await count('small')).toBe('3')
    const follow = await command({ mode: 'follow', follow: {} })
    expect(follow).toMatchObject({ status: 1, stderr: expect.stringContaining('RELOAD_FOLLOWS') })
    const none = await command(later, 'public.none')
    expect(none).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('RELOAD_NO_TABLE') })
    expect(await command({ name: 'other' })).toMatchObject({ stderr: expect.stringContaining('RELOAD_NO_RUN') })
    expect(await command(later)).toEqual({
      status: 0,
      stdout: `${destination.name}: public.small is copied again\nLanes that are at work do it; where none is, the same task started again\n`,
      stderr: '',
    })
    expect([await count('small'), await count('plain')]).toEqual(['0', '1000'])
    expect((await copyRound(event, 2)).summary).toMatchObject({ verdict: 'done', error: null })
    expect([await count('small'), await count('plain')]).toEqual(['10', '1000'])
    expect(await destination.query(`SELECT code FROM sampan.event WHERE code = 'TABLE_RELOADED'`)).toHaveLength(1)
    await destination.query(`UPDATE sampan.run SET state = 'sealed'`)
    const part = await command(later)
    expect(part).toMatchObject({ status: 1, stderr: expect.stringContaining('RELOAD_IN_PART') })
  } finally {
    await Promise.all([own.close(), other.close()])
  }
})
