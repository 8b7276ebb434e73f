import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

test('what the destination makes anew is not said to be compared, and materialized views with another number of rows are named', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const run = await (await openCase('made-anew')).run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(run.findings.find(({ code }) => code === 'COMPUTED_ANEW')?.details).toEqual([
    'public.words.v, by text search (to_tsvector: public.myc)',
  ])
  expect(run.summary).toMatch(
    /equal: every row of 2 tables; computed columns of 1 table were made anew, not compared: public\.words\n/,
  )
  expect(run.summary).toMatch(
    /filled +3 materialized views anew, rows not compared: public\.stale, public\.fresh, public\.sums\n/,
  )
  const computed = run.report.databases[0]?.tables.map(({ table, computed }) => [table, computed])
  expect(computed).toEqual([
    ['account', []],
    ['words', ['v']],
  ])
  const told = run.events.filter(({ code }) => code.startsWith('MATERIALIZED_VIEW'))
  expect(told.map(({ level, message }) => `${level}: ${message}`).toSorted()).toEqual([
    'warning: materialized view "public"."stale" has 3 rows, on the source 2: it was filled anew, from the rows of its tables',
    expect.stringMatching(
      /^warning: materialized view "public"\."sums" has 0 rows, on the source 3: it reads row-secured tables \(public\.account\)/,
    ),
  ])
  for (const { message } of told) expect(run.summary).toContain(message)
})
