import { expect, test } from 'vitest'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'
import { mustBeDone } from '../schema/steps.ts'

const TABLES = Array.from({ length: 800 }, (_, number) => `CREATE TABLE t${number} AS SELECT ${number} AS a`).join(';')

test('one refused table among 800 small ones fails alone, and the others travel on in flights', {
  tags: 'long',
}, async () => {
  const source = await createDatabase(sharedServer(15), TABLES)
  const destination = await createDatabase(sharedServer(18), TABLES.replaceAll(/ AS SELECT \d+ AS a/g, '(a int)'))
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  const round = async () => {
    expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
    return copyRound(event, 1)
  }
  await destination.query('ALTER TABLE t400 ADD CHECK (a < 0)')

  expect((await round()).results).toMatchObject([{ verdict: 'retry' }])
  expect((await round()).results).toMatchObject([
    { verdict: 'failed', error: { code: 'DST_ROWS_REFUSED', message: expect.stringContaining('public.t400') } },
  ])
  await destination.query('ALTER TABLE t400 DROP CONSTRAINT t400_a_check')
  expect((await round()).summary).toMatchObject({ verdict: 'done', error: null })

  const [flights] = await destination.query(
    `SELECT count(DISTINCT xmin::text) AS flights, sum(attempts) AS attempts, sum(rows) AS rows FROM sampan.chunk`,
  )
  expect(flights).toMatchObject({ rows: '800', attempts: '2' })
  expect(Number(flights?.flights)).toBeLessThan(12)
})

test('rows that are refused because somebody has changed the table on the destination are told by that, not by the source', async () => {
  const source = await createDatabase(sharedServer(15), `CREATE TABLE t AS SELECT 'longer' AS a`)
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination)
  await mustBeDone('planObjects', event)
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  await mustBeDone('createObjects', event)
  await destination.query('ALTER TABLE t ALTER COLUMN a TYPE varchar(2)')

  expect((await copyRound(event, 1)).results).toMatchObject([{ verdict: 'retry' }])
  expect(await planCopy(event, stepContext())).toMatchObject({ verdict: 'done', error: null })
  const told = { message: expect.stringContaining('public.t'), remedy: expect.stringContaining('DROP TABLE') }
  expect((await copyRound(event, 1)).results).toMatchObject([
    { verdict: 'failed', error: { code: 'DST_CHANGED', ...told } },
  ])
})
