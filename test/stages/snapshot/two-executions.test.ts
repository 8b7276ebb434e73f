import { expect, test } from 'vitest'
import { markPlanned, openRun } from '../../../lambdas/core/ledger/run.ts'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as summariseCopy } from '../../../lambdas/stages/copy/lane/summary-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { openSession, planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const TABLE = 'CREATE TABLE account (id int)'
const IDENTITY = { serverVersion: 150_018, encoding: 'UTF8', database: 'shop' }

async function started() {
  const source = await createDatabase(sharedServer(15), `${TABLE}; INSERT INTO account SELECT generate_series(1, 100)`)
  const destination = await createDatabase(sharedServer(18), TABLE)
  const first = stepEvent(source, destination, { execution: 'first' })
  await planRelations(source, destination, first)
  await planCopy(first, stepContext())
  const ledger = await openSession(destination, 'destination')
  const round = async () =>
    (
      await destination.query(
        'SELECT execution, copy_ended_at IS NULL AS open, copied_at IS NOT NULL AS copied FROM sampan.run',
      )
    )[0]
  return { source, destination, first, ledger, round }
}

test('an execution whose run another one has taken over ends, and leaves the other one its round and its view', async () => {
  const { destination, first, ledger, round } = await started()
  const second = { ...first, run: { ...first.run, execution: 'second' } }
  await openRun(ledger, second.run, 'fingerprint', IDENTITY)
  expect(await planCopy(second, stepContext())).toMatchObject({ verdict: 'done' })
  const keeper = keepSnapshot({ ...second, lane: 1 }, stepContext())

  const refused = { verdict: 'failed', error: { code: 'RUN_TAKEN_OVER' } }
  expect(await keepSnapshot({ ...first, lane: 1 }, stepContext())).toMatchObject({ verdict: 'done' })
  expect(await copyLane({ ...first, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done' })
  expect(await summariseCopy({ ...first, results: [] }, stepContext())).toMatchObject(refused)
  expect(await planCopy(first, stepContext())).toMatchObject(refused)
  expect(await round()).toEqual({ execution: 'second', open: 't', copied: 'f' })

  expect(await copyLane({ ...second, lane: 0 }, stepContext())).toMatchObject({ verdict: 'done' })
  expect(await summariseCopy({ ...second, results: [] }, stepContext())).toMatchObject({ verdict: 'done' })
  expect(await keeper).toMatchObject({ verdict: 'done' })
  expect(await destination.query('SELECT DISTINCT generation FROM sampan.snapshot')).toEqual([{ generation: '1' }])
  // Complete or not: what comes next is the other one's.
  expect(await summariseCopy({ ...first, results: [] }, stepContext())).toMatchObject(refused)
  await ledger.close()
})

test('a changed task of the same name is refused, and takes over nothing', async () => {
  const { ledger, round } = await started()
  await markPlanned(ledger, 'test-run', 'objects_planned_at')
  const opening = openRun(ledger, { id: 'test-run', execution: 'second' }, 'another fingerprint', IDENTITY)
  await expect(opening).rejects.toMatchObject({ code: 'RUN_TASK_CHANGED' })
  expect(await round()).toMatchObject({ execution: 'first' })
  await ledger.close()
})

test('a lane that still reads by the view before takes nothing of a table that is copied anew in the next one', async () => {
  const { destination, ledger } = await started()
  // Its digest could never be the newer view's, and the table is emptied only once for that one.
  await destination.query(`UPDATE sampan.relation SET reset_generation = 2`)
  const claim = async (generation: number) =>
    (await ledger.rows(`SELECT id FROM sampan.claim_chunks('test-run', $1, 1000000, 10)`, [generation])).length
  expect([await claim(1), await claim(2)]).toEqual([0, 1])
  await ledger.close()
})
