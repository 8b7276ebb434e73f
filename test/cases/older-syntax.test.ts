import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

test('what pg_dump writes in the newest words arrives on an older server as it was', async () => {
  const run = await (await openCase('older-syntax')).run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect([...run.named('failed'), ...run.named('blocked')]).toEqual([])
  expect(await run.differences()).toEqual([])
})
