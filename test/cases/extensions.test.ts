import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

test('extensions that stand on the destination already are no conflict, whatever belongs to them', {
  tags: 'long',
}, async () => {
  const run = await (await openCase('extensions-made-beforehand')).run()
  expect(run.findings.map(({ code }) => code)).not.toContain('DST_OBJECTS_EXIST')
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await run.differences()).toEqual([])
})
