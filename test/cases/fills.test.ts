import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

test('a materialized view that cannot be filled is named, and holds nothing up; the others are filled, whatever reads what', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const opened = await openCase('fills')
  const run = await opened.run({ retry: { connectionMinutes: 600, otherMinutes: 500 } })
  expect(run.outcome).toMatchObject({ exitStatus: 4, error: null })
  expect(run.report.status).toBe('incomplete')
  expect(run.summary).toMatch(/materialized view data public\.from_far: 08001: could not connect to server "far"\n/)
  expect(run.named('failed')).toEqual(['MATERIALIZED VIEW DATA public.above', 'MATERIALIZED VIEW DATA public.from_far'])
  expect(run.named('blocked')).toEqual(['MATERIALIZED VIEW DATA public.over_far'])
  expect(run.named('pending')).toEqual([])
  expect(await run.checks()).toEqual([])
  expect(await run.destinationChecks()).toEqual([
    [['above'], ['below'], ['from_far'], ['never'], ['over_far']],
    [['counted']],
  ])
  const unanalyzed = run.events.filter(({ code }) => code === 'NOT_ANALYZED').map(({ message }) => message)
  expect(unanalyzed.toSorted()).toEqual([
    'public.counted has no statistics: 22012: division by zero; mend the cause and ANALYZE it',
    'public.parts has no statistics: those of its partitions together were not made (08001: could not connect to server "far"); mend the cause and ANALYZE it',
    'public.tree has no statistics: 08001: could not connect to server "far"; mend the cause and ANALYZE it',
  ])
})

test('what is filled by its owner, last of all, is tried again too; with it what could not be filled before', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const run = await (await openCase('fills-of-owners')).run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect([...run.named('failed'), ...run.named('blocked'), ...run.named('pending')]).toEqual([])
  expect(await run.checks()).toEqual([])
  expect(await run.differences({ rows: true })).toEqual([])
})
