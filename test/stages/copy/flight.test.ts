import { expect, test } from 'vitest'
import { fly } from '../../../lambdas/stages/copy/stream/flight.ts'
import { openSession } from '../../support/copy-run.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

const FREELY = { govern: () => {}, passed: () => {} }

test('what is thrown and told is the error of the COPY, not the one of the question behind it that finds the transaction aborted', async () => {
  const source = await openSession(await createDatabase(sharedServer(15)), 'source')
  const destination = await openSession(await createDatabase(sharedServer(18), 'CREATE TABLE t (n int)'), 'destination')
  await Promise.all([source.execute('BEGIN'), destination.execute('BEGIN')])
  const cargo = {
    copyOut: 'COPY (SELECT 1 / 0) TO STDOUT',
    copyIn: 'COPY public.t FROM STDIN',
    digest: null,
    afterwards: null,
  }
  const failed: number[] = []
  const flight = fly({ rows: source, digests: null }, destination, [cargo], FREELY, (index) => failed.push(index), {
    rows: 'SELECT 1',
    digests: 'SELECT 1',
    judge: () => {},
  })
  await expect(flight).rejects.toMatchObject({ code: 'SRC_SQL_22012' })
  expect(failed).toEqual([0])
})
