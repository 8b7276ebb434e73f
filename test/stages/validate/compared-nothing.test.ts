import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { summaryText } from '../../../cli/summary/summary.ts'
import { createDatabase, otherServer15, sharedServer } from '../../support/servers.ts'
import { migrate } from '../../support/whole-run.ts'

test('of a run that was completed without a comparison nothing is said to differ, whatever the task asks for afterwards', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (id int); INSERT INTO t VALUES (1)')
  const destination = await createDatabase(await otherServer15())
  const name = 'none-then-full'
  const first = await migrate(source, destination, { name, validation: { mode: 'none' } })
  expect(first.outcome).toMatchObject({ exitStatus: 0, error: null })
  const again = await migrate(source, destination, { name })
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(again.report.databases[0]?.totals).toMatchObject({ tablesEqual: 0, tablesDifferent: 0 })
  expect(stripVTControlCharacters(summaryText(again.report, 1))).toMatch(/compared +nothing/)
})

test('a run that failed without a comparison is compared in full when the task asks for it then', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const source = await createDatabase(sharedServer(15), 'CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2)')
  const destination = await createDatabase(await otherServer15())
  const name = 'none-fails-then-full'
  const ask = { name, validation: { mode: 'none' } } as const
  await migrate(source, destination, ask, ({ step, call }, handler) => async (event, context) => {
    if (step === 'SealFunction' && call === 1) await destination.query('DROP TABLE t')
    return handler(event, context)
  })
  const again = await migrate(source, destination, { name })
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(again.report.databases[0]?.totals).toMatchObject({ tablesEqual: 1, tablesDifferent: 0 })
})
