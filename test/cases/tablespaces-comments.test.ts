import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'
import { createDatabase, startTestServer } from '../support/servers.ts'

test('what lies in a tablespace is told and goes to the default one; a comment of one’s own on an extension comes', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const source = await startTestServer({ major: 15, settings: { allow_in_place_tablespaces: 'on' } })
  await (await createDatabase(source)).query(`CREATE TABLESPACE sampan_fast LOCATION ''`)
  const run = await (await openCase('tablespaces-comments', { source })).run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(run.findings.find(({ code }) => code === 'TABLESPACES_LOST')).toMatchObject({
    level: 'info',
    details: [
      'public."In Fast" in sampan_fast',
      '"In Fast_pkey" of public."In Fast" in sampan_fast',
      'fast_v of public."In Fast" in sampan_fast',
      'public.fast_view in sampan_fast',
    ],
  })
  expect(run.named('transformed').toSorted()).toEqual([
    'CONSTRAINT public.In Fast In Fast_pkey',
    'INDEX public.fast_v',
    'MATERIALIZED VIEW public.fast_view',
    'TABLE public.In Fast',
  ])
  expect(run.named('skipped')).toEqual(['COMMENT EXTENSION citext'])
  const differences = (await run.differences({ text: false })).filter((line) => !/tablespace|sampan_fast/i.test(line))
  expect(differences).toEqual([])
  expect(await run.checks()).toEqual([])
})
