import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

test('rows of a table that was added to an extension are told before anything is written; taken out of it the table is migrated', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const opened = await openCase('member-tables')
  const refused = await opened.run()
  expect(refused.outcome.exitStatus).toBe(3)
  const finding = refused.findings.find(({ code }) => code === 'EXTENSION_ROWS')
  expect(finding).toMatchObject({ details: ['public.keys of pgcrypto, no configuration'], blocks: true })

  await opened.source.query('ALTER EXTENSION pgcrypto DROP TABLE keys')
  const run = await opened.run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await run.differences()).toEqual([])
})
