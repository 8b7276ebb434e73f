import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

test('what pg_dump writes in the newest words, or in words that no server reads, arrives as it was', {
  tags: 'long',
}, async () => {
  const run = await (await openCase('older-syntax')).run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect([...run.named('failed'), ...run.named('blocked')]).toEqual([])
  expect(await run.differences()).toEqual([])
})
