import { expect, test } from 'vitest'
import { endRound, openRound } from '../../../lambdas/core/ledger/chunks/round.ts'
import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import { openRun } from '../../../lambdas/core/ledger/run.ts'
import { type NewSnapshot, publishSnapshot } from '../../../lambdas/core/ledger/snapshots.ts'
import { openSession } from '../../support/copy-run.ts'
import { SOMEBODY_WAITS, untilFound } from '../../support/hold.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const snapshot: NewSnapshot = {
  ...{ generation: 1, hop: 0, id: '00000003-0000001B-1', view: 'v', holder: 'e:1', position: null, lifeSeconds: 60 },
}

/** A run of one table, whose only chunk was copied in the first view. */
async function copiedRun() {
  const database = await createDatabase(sharedServer(18))
  const [summary, keeper] = [
    await openSession(database, 'destination', true),
    await openSession(database, 'destination'),
  ]
  await migrateLedger(summary)
  await openRun(summary, { id: 'r', execution: 'e' }, 'f', {
    serverVersion: 150_018,
    encoding: 'UTF8',
    database: 'shop',
  })
  expect(await publishSnapshot(keeper, 'r', snapshot)).toBe(true)
  await database.query(`
    INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, bytes, pages)
    VALUES ('r', 1, 'public', 't', '{a}', '{integer}', false, 1, 1);
    INSERT INTO sampan.chunk (run, id, relation, kind, bytes, state, generation) VALUES ('r', 1, 1, 'whole', 1, 'done', 1)`)
  return {
    database,
    summary,
    keeper,
    copied: async () => (await database.query('SELECT copied_at IS NOT NULL AS copied FROM sampan.run'))[0]?.copied,
    close: () => Promise.all([summary.close(), keeper.close()]),
  }
}

test('a keeper that comes back when the copy is complete takes no new view: what is done would count for nothing', async () => {
  const run = await copiedRun()
  expect(await endRound(run.summary, { id: 'r', execution: 'e' })).toEqual({ open: 0, generation: 1 })
  expect(await publishSnapshot(run.keeper, 'r', { ...snapshot, generation: 2 })).toBe(false)
  expect(await run.copied()).toBe('t')
  await run.close()
})

test('a view that is taken while the summary looks counts: the round ends, and the next one proves what is done', async () => {
  const run = await copiedRun()
  await run.keeper.execute('BEGIN')
  expect(await publishSnapshot(run.keeper, 'r', { ...snapshot, generation: 2 })).toBe(true)
  const ending = endRound(run.summary, { id: 'r', execution: 'e' })
  await untilFound(run.database, SOMEBODY_WAITS)
  await run.keeper.execute('COMMIT')
  expect(await ending).toEqual({ open: 1, generation: 2 })
  expect(await run.copied()).toBe('f')
  // Between two rounds nobody needs a view either.
  expect(await publishSnapshot(run.keeper, 'r', { ...snapshot, generation: 3 })).toBe(false)
  await openRound(run.summary, 'r')
  expect(await publishSnapshot(run.keeper, 'r', { ...snapshot, generation: 3 })).toBe(true)
  await run.close()
})

test('an index that is hours under way holds up neither the end of the copy nor a run that is started again', async () => {
  const run = await copiedRun()
  const builder = await run.database.connect()
  await builder.query('BEGIN')
  await builder.query(`SELECT sampan.require_open('r')`)
  await run.summary.execute(`SET lock_timeout = '3s'`)
  expect(await endRound(run.summary, { id: 'r', execution: 'e' })).toMatchObject({ open: 0 })
  await openRun(run.summary, { id: 'r', execution: 'again' }, 'f', {
    ...{ serverVersion: 150_018, encoding: 'UTF8', database: 'shop' },
  })
  await builder.query('COMMIT')
  await run.close()
})
