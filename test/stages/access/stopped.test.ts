import { afterEach, expect, test } from 'vitest'
import { closeAccess } from '../../../lambdas/stages/access/close.ts'
import { openAccess } from '../../../lambdas/stages/access/open.ts'
import { listOpenRun, openRuns } from '../../../lambdas/stages/access/open-runs.ts'
import { RecordKeeper } from '../../../lambdas/stages/access/record.ts'
import { sweep } from '../../../lambdas/stages/access/sweep.ts'
import { type Fault, times } from '../../../local/fakes/faults.ts'
import { type Access, startAccess } from './harness.ts'

let access: Access
afterEach(() => access.stop())

const many = Array.from({ length: 25 }, (_, index) => `47.${index}.0.0/24`)
/** The last call of an opening comes before this. */
const MOST_CALLS = 60

/**
 * An execution is stopped while OpenAccess works: the function goes on for up to 15 minutes, while ExecutionEnded closes what
 * the record says at that moment.
 */
test.each(['file', 's3'])(
  'stopped at any moment of OpenAccess, nothing stays open (documents in %s)',
  { tags: 'long' },
  async (kind) => {
    access = await startAccess()
    if (kind === 's3') access.variables = { ...access.variables, SAMPAN_ARTEFACTS: 's3://documents' }
    const { state } = access.clouds
    let met = 0
    for (let calls = 0; calls < MOST_CALLS; calls += 1) {
      const execution = `stopped-${calls}`
      const run = { id: `run-${calls % 3}`, execution }
      const event = { ...access.event({ access: { dtsCidrs: many } }, execution), run }
      const closing: Promise<unknown>[] = []
      const stop: Fault = {
        kind: 'meanwhile',
        run: () => {
          met += 1
          closing.push(
            openRuns(access.store, execution).then((runs) =>
              Promise.all(
                runs.map((one) => closeAccess(one, { regions: ['us-east-1'], whitelists: [] }, access.tools)),
              ),
            ),
          )
        },
      }
      state.faults.next('*', ...times(calls, { kind: 'none' }), stop)
      const opened = await openAccess(event, access.tools).then(
        () => null,
        (error: { code?: string }) => error.code,
      )
      while (state.faults.take('*')) {}
      await Promise.allSettled(closing)
      expect([null, 'ACCESS_CLOSED_MEANWHILE']).toContain(opened)
      await sweep(async () => 'ended', access.tools)
      expect([execution, access.isAsBefore()]).toEqual([execution, true])
      if (closing.length === 0) break
    }
    expect(met).toBeGreaterThan(10)
  },
)

test('a function that dies with its last call on its way, behind the closing, is found by a later sweep', async () => {
  access = await startAccess()
  const dying = new AbortController()
  // Closed while the address is on its way; then nobody is left who could take it back.
  const late: Fault = {
    kind: 'meanwhile',
    run: () => dying.abort(new Error('the Lambda died')),
  }
  const before = access.standing()
  access.clouds.state.faults.next('ModifySecurityIps', late)
  await openAccess(access.event(), { ...access.tools, signal: dying.signal }).catch(() => undefined)
  const added = [...access.apsara.ipArrays].find(([name]) => name.startsWith('sampan_'))
  expect(added?.[1].addresses).toEqual(['52.1.2.3'])
  await access.close('e1', [])
  // The call arrives only now.
  if (added) access.apsara.ipArrays.set(added[0], { ...added[1], addresses: ['52.1.2.3'] })
  expect((await access.record()).closedAt).not.toBeNull()
  access.now = new Date('2026-09-01T10:14:00Z')
  await sweep(async () => 'ended', access.tools)
  expect(access.standing()).toBe(before)
})

test('an execution that is stopped between its notes and its first intention is forgotten when nothing can be on its way', async () => {
  access = await startAccess()
  const run = { id: 'orders', execution: 'e1' }
  const { store, tools } = access
  const keeper = await RecordKeeper.open(store, run, 'local', tools.clock)
  await keeper.note([{ code: 'NOTE', message: 'a note' }])
  await access.close()
  await expect(keeper.intend([])).rejects.toMatchObject({ code: 'ACCESS_CLOSED_MEANWHILE' })
  // And one that was killed before it wrote anything.
  await listOpenRun(store, { id: 'orders', execution: 'e2' }, { listedAt: '2026-09-01T10:00:00.000Z', process: null })
  expect(await sweep(async () => 'ended', tools)).toEqual({ kept: [], closed: [], failed: [] })
  // A function may be at it still.
  expect(await openRuns(store)).toHaveLength(2)
  access.now = new Date('2026-09-01T10:25:00Z')
  expect(await sweep(async (name) => (name === 'e1' ? 'ended' : 'running'), access.tools)).toMatchObject({
    kept: ['e2'],
  })
  expect(await openRuns(store)).toEqual([{ id: 'orders', execution: 'e2' }])
  // Step Functions forgets an execution after 90 days.
  access.now = new Date('2026-12-01T10:00:00Z')
  expect(await sweep(async () => 'unknown', access.tools)).toEqual({ kept: [], closed: [], failed: [] })
  expect(await openRuns(store)).toEqual([])
})
