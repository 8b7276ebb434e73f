import { expect, test } from 'vitest'
import { fenceRun } from '../../../lambdas/core/ledger/fence.ts'
import { openRun, readRun } from '../../../lambdas/core/ledger/run.ts'
import { findScratches } from '../../../lambdas/core/postgres/scratches.ts'
import { openDestination } from '../../../lambdas/core/postgres/sessions.ts'
import { readEnvironment } from '../../../lambdas/core/runtime/environment.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import type { StepTools } from '../../../lambdas/core/runtime/step-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { readDatabaseForm } from '../../../lambdas/stages/schema/plan/database/destination-database.ts'
import { setSequences } from '../../../lambdas/stages/schema/sequences/values.ts'
import { scratchDatabase } from '../../../lambdas/stages/schema/transform/scratch-database.ts'
import { handler as validateLane } from '../../../lambdas/stages/validate/lane-handler.ts'
import { handler as planValidation } from '../../../lambdas/stages/validate/plan-handler.ts'
import { handler as seal } from '../../../lambdas/stages/validate/seal-handler.ts'
import { handler as summariseValidation } from '../../../lambdas/stages/validate/summary-handler.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { call, mustBeDone } from './steps.ts'

/** Two starts of one run; the first has planned it and made its objects. */
async function twoStarts() {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE t (a serial PRIMARY KEY); INSERT INTO t SELECT FROM generate_series(1, 3)`,
  )
  const destination = await createDatabase(sharedServer(18))
  const first = stepEvent(source, destination, { execution: 'first' })
  await mustBeDone('planObjects', first)
  await mustBeDone('createObjects', first)
  return { destination, first, second: { ...first, run: { ...first.run, execution: 'second' } } }
}

const scratchesOf = ({ run, database }: StepEvent) => ({ run: run.id, as: database?.as ?? '' })

/** How each step that writes ends for this start. */
async function endings(event: StepEvent): Promise<(string | undefined)[]> {
  const schema = [
    'createObjects',
    'buildIndexes',
    'summariseIndexes',
    'linkObjects',
    'syncSequences',
    'analyze',
  ] as const
  const summary = { ...event, lane: 0, results: [] }
  const answers = [
    ...(await Promise.all(schema.map((name) => call(name, event)))),
    ...(await Promise.all(
      [planValidation, validateLane, seal].map((handler) => handler({ ...event, lane: 0 }, stepContext())),
    )),
    await summariseValidation(summary, stepContext()),
  ]
  return answers.map(({ error }) => error?.code)
}

const sequence = async (destination: TestDatabase) =>
  (await destination.query('SELECT last_value, is_called FROM t_a_seq'))[0]

test('every step of a start that a later one has taken over says so, and takes nothing back', {
  tags: 'long',
}, async () => {
  const { destination, first, second } = await twoStarts()
  await mustBeDone('planObjects', second)
  expect(new Set(await endings(first))).toEqual(new Set(['RUN_TAKEN_OVER']))
  const theirs = await openDestination(second, readEnvironment(), { purpose: 'create' })
  const onlooker = await openDestination(second, readEnvironment(), { purpose: 'progress' })
  const [pid] = await theirs.rows<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid')
  const { error } = await call('analyze', first)
  expect(error?.message).toContain('has taken it over: second; one session works for the run there, the latest since ')
  expect(error?.message).toContain(`: process ${pid?.pid} (sampan:${first.run.id}:create from 127.0.0.1)`)
  await Promise.all([theirs.close(), onlooker.close()])
  const again = await call('planObjects', first)
  expect(again).toMatchObject({ verdict: 'failed', error: { code: 'RUN_TAKEN_OVER' } })
  expect(again.error?.message).toContain('second')
  expect(await destination.query('SELECT execution, former FROM sampan.run')).toEqual([
    { execution: 'second', former: '{first}' },
  ])
})

test('the scratch databases of a start are not dropped by one that it has taken the run over from', {
  tags: 'long',
}, async () => {
  const { first, second } = await twoStarts()
  await mustBeDone('planObjects', second)
  const environment = readEnvironment()
  const beside = await openDestination(second, environment, { purpose: 'plan' })
  const tools = { environment, signal: AbortSignal.timeout(60_000) } as StepTools
  const made = await scratchDatabase(second, tools, beside, await readDatabaseForm(beside), () => 60_000)
  expect(await call('planObjects', first)).toMatchObject({ error: { code: 'RUN_TAKEN_OVER' } })
  expect(await made.make(['CREATE TABLE public.still_there ()'])).toEqual([])
  await made.remove()
  expect(await findScratches(beside, scratchesOf(second))).toEqual([])
  await beside.close()
})

test('two attempts at once have a scratch each, and one that cannot be opened does not stay', async () => {
  const { first } = await twoStarts()
  const environment = readEnvironment()
  const beside = await openDestination(first, environment, { purpose: 'plan' })
  const form = await readDatabaseForm(beside)
  const open = (signal: AbortSignal) =>
    scratchDatabase(first, { environment, signal } as StepTools, beside, form, () => 60_000)
  const [one, other] = [await open(AbortSignal.timeout(60_000)), await open(AbortSignal.timeout(60_000))]
  expect(await findScratches(beside, scratchesOf(first))).toHaveLength(2)
  await expect(open(AbortSignal.abort())).rejects.toThrow()
  expect(await findScratches(beside, scratchesOf(first))).toHaveLength(2)
  await one.remove()
  expect(await other.make(['CREATE TABLE public.still_there ()'])).toEqual([])
  await other.remove()
  expect(await findScratches(beside, scratchesOf(first))).toEqual([])
  await beside.close()
})

test('a start whose run another one has completed says that, and sets no sequence of a destination in use', {
  tags: 'long',
}, async () => {
  const { destination, first, second } = await twoStarts()
  await mustBeDone('planObjects', second)
  // As the application that has moved here by now.
  await destination.query(`UPDATE sampan.run SET state = 'sealed', sealed_at = now(); SELECT setval('t_a_seq', 900)`)
  expect(new Set(await endings(first))).toEqual(new Set(['RUN_SEALED']))
  expect((await call('syncSequences', first)).error).toMatchObject({
    message: expect.stringContaining('second'),
    remedy: expect.stringContaining('report'),
  })
  expect(await call('planObjects', first)).toMatchObject({ verdict: 'failed', error: { code: 'RUN_SEALED' } })
  expect(await sequence(destination)).toEqual({ last_value: '900', is_called: 't' })
  // One that has not begun finds the run complete.
  const third = { ...first, run: { ...first.run, execution: 'third' } }
  expect(await call('planObjects', third)).toMatchObject({ verdict: 'done', output: { sealed: true } })
})

test('what is under way when the run is taken over is refused where it writes next', { tags: 'long' }, async () => {
  const { destination, first, second } = await twoStarts()
  const environment = readEnvironment()
  const [ours, theirs] = await Promise.all([
    openDestination(first, environment, { purpose: 'sequences' }),
    openDestination(second, environment, { purpose: 'plan' }),
  ])
  const { source } = await readRun(ours, first.run.id)
  await fenceRun(ours, first.run.id)
  const [row] = await destination.query('SELECT fingerprint FROM sampan.run')
  await openRun(theirs, second.run, String(row?.fingerprint), source)
  const refused = { code: 'RUN_TAKEN_OVER', message: expect.stringContaining('second') }
  await expect(fenceRun(ours, first.run.id)).rejects.toMatchObject(refused)
  const value = { schema: 'public', name: 't_a_seq', lastValue: '77', isCalled: true }
  await expect(setSequences(ours, first.run.id, [value])).rejects.toMatchObject(refused)
  expect(await setSequences(theirs, first.run.id, [value])).toEqual([null])
  await Promise.all([ours.close(), theirs.close()])
})

test('a plan that another start has begun to make is not stored beside that of the start which took over', async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (a int)')
  const destination = await createDatabase(sharedServer(18))
  const first = stepEvent(source, destination, { execution: 'first' })
  const second = { ...first, run: { ...first.run, execution: 'second' } }
  const answers = await Promise.all([call('planObjects', first), call('planObjects', second)])
  // Whoever came later has it, and no other error is met on the way.
  expect(answers.map(({ verdict, error }) => error?.code ?? verdict).toSorted()).toEqual(['RUN_TAKEN_OVER', 'done'])
})

test('a start that joins another one at its work is told so, one that follows a dead one is not', {
  tags: 'long',
}, async () => {
  const { destination, first, second } = await twoStarts()
  const lane = await openDestination(first, readEnvironment(), { purpose: 'lane:0' })
  await lane.execute('BEGIN')
  await mustBeDone('planObjects', second)
  await lane.close()
  await mustBeDone('planObjects', { ...first, run: { ...first.run, execution: 'third' } })
  const told = await destination.query(`SELECT level, message FROM sampan.event WHERE code = 'RUN_JOINED'`)
  expect(told).toMatchObject([
    { level: 'warning', message: expect.stringMatching(/second has taken it over from first, which has a session/) },
  ])
})

test('of two runs of other names that begin in one database at once the later one is told who works there, and makes nothing', {
  tags: 'long',
}, async () => {
  const { destination, first } = await twoStarts()
  const other = { ...first, run: { id: 'other-run', execution: 'other' } }
  // The first is at it.
  const environment = readEnvironment(process.env)
  const lane = await openDestination(first, environment, { purpose: 'lane:0' })
  const refused = await call('planObjects', other)
  expect(refused).toMatchObject({ verdict: 'failed', error: { code: 'DST_RUN_AT_WORK' } })
  expect(refused.error?.message).toMatch(
    /^a run of another name works in this database: run "test-run", a session since \d{4}-.*: process \d+ \(sampan:test-run:lane:0 from 127\.0\.0\.1\)$/,
  )
  expect(await destination.query(`SELECT count(*) AS n FROM sampan.object WHERE run = 'other-run'`)).toEqual([
    { n: '0' },
  ])
  // The earlier one does not give way, and who says that the two have nothing in common goes on.
  const session = await openDestination(other, environment, { purpose: 'lane:0' })
  await mustBeDone('planObjects', first)
  const knowing = { ...other.task, precheck: { ...other.task.precheck, acknowledge: ['DST_RUN_AT_WORK'] } }
  await mustBeDone('planObjects', { ...other, task: knowing })
  await lane.close()
  await session.close()
  await mustBeDone('planObjects', other)
})

/** A digest of each table of the ledger. */
async function ledgerOf(destination: TestDatabase) {
  const tables = await destination.query(
    `SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relnamespace = 'sampan'::regnamespace AND c.relkind = 'r' ORDER BY 1`,
  )
  return destination.query(
    tables
      .map(
        ({ name }) => `SELECT '${name}' AS name, md5(string_agg(t::text, ';' ORDER BY t::text)) AS rows FROM ${name} t`,
      )
      .join(' UNION ALL '),
  )
}

test('who only plans a run that has begun is told its plan, or why not, and leaves it to its start', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (a int PRIMARY KEY)')
  const destination = await createDatabase(sharedServer(18))
  const first = stepEvent(source, destination, { execution: 'first' })
  const onlooker: StepEvent = {
    ...first,
    run: { ...first.run, execution: 'onlooker' },
    task: { ...first.task, mode: 'plan', lanes: 7 },
  }
  const begun = { error: { code: 'RUN_HAS_BEGUN', message: expect.stringContaining('(first)') } }
  // What an onlooker leaves is taken up by a start that migrates.
  await mustBeDone('planObjects', { ...onlooker, run: { ...first.run, execution: 'before' } })
  await mustBeDone('planObjects', first)
  let before = await ledgerOf(destination)
  expect(await call('planObjects', onlooker)).toMatchObject(begun)
  expect(await planCopy(onlooker, stepContext())).toMatchObject(begun)
  expect(await ledgerOf(destination)).toEqual(before)
  expect(await planCopy(first, stepContext())).toMatchObject({ verdict: 'done' })
  before = await ledgerOf(destination)
  await mustBeDone('planObjects', onlooker)
  expect(await planCopy(onlooker, stepContext())).toMatchObject({ verdict: 'done', output: { lanes: { length: 7 } } })
  await source.query('CREATE TABLE late (a int)')
  expect(await call('planObjects', onlooker)).toMatchObject(begun)
  expect(await ledgerOf(destination)).toEqual(before)
  await mustBeDone('createObjects', first)
})

test('a start that is refused for its source takes no run over', { tags: 'long' }, async () => {
  const { destination, first, second } = await twoStarts()
  await destination.query(`UPDATE sampan.run SET source = jsonb_set(source, '{server,database}', '1')`)
  expect(await call('planObjects', second)).toMatchObject({ error: { code: 'SRC_ANOTHER_SERVER' } })
  expect(await destination.query('SELECT execution FROM sampan.run')).toEqual([{ execution: first.run.execution }])
})
