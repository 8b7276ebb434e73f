import { expect, test } from 'vitest'
import { migrateLedger } from '../../../lambdas/core/ledger/migrate.ts'
import { readProgress } from '../../../lambdas/core/ledger/story/progress.ts'
import { sayLanded, sayUnderWay } from '../../../lambdas/core/ledger/under-way.ts'
import { connect } from '../../../lambdas/core/postgres/connect.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

test('lanes’ words add up; what has landed, or was said too long ago, counts no more', async () => {
  const database = await createDatabase(sharedServer(18))
  const session = await connect({ side: 'destination', ...database.connection, tls: false, applicationName: 'test' })
  try {
    await migrateLedger(session)
    const moving = async () => {
      const { bytesMoving, rowsMoving } = (await readProgress(session, 'r')) ?? {}
      return [bytesMoving, rowsMoving]
    }
    expect(await moving()).toEqual([0, 0])
    await sayUnderWay(session, 'r', 0, { number: 10, relation: 1, bytes: 100, rows: 1 })
    await sayUnderWay(session, 'r', 1, { number: 10, relation: 1, bytes: 50, rows: 2 })
    await sayUnderWay(session, 'other', 0, { number: 10, relation: 1, bytes: 7, rows: 7 })
    expect(await moving()).toEqual([150, 3])
    await sayLanded(session, 'r', 0, 10)
    expect(await moving()).toEqual([50, 2])
    // A word that was on its way meanwhile comes too late.
    await sayUnderWay(session, 'r', 0, { number: 10, relation: 1, bytes: 110, rows: 2 })
    expect(await moving()).toEqual([50, 2])
    await sayUnderWay(session, 'r', 0, { number: 12, relation: 1, bytes: 5, rows: 1 })
    expect(await moving()).toEqual([55, 3])
    await database.query(`UPDATE sampan.under_way SET at = at - interval '1 minute' WHERE lane = 1`)
    expect(await moving()).toEqual([5, 1])
  } finally {
    await session.close()
  }
})
