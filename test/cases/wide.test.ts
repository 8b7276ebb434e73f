import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'
import { sharedServer } from '../support/servers.ts'

test('of every kind something unusual comes from 10 to 18, a tree below another one among it', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const run = await (await openCase('ten-wide', { destination: sharedServer(18) })).run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(run.named('failed')).toEqual([])
  // The tree in the middle is read through its own root, which locks what is above it: nothing of it has changed.
  expect(run.events.map(({ code }) => code)).not.toContain('SRC_STRUCTURE_CHANGED')
  // 10 has no multiranges.
  expect(await run.differences({ except: [/tools\.span: |Name: span;/] })).toEqual([])
})
