import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { summaryText } from '../../cli/summary/summary.ts'
import { createDatabase, sharedServer } from '../support/servers.ts'
import { migrate } from '../support/whole-run.ts'

test('the plan is told before anything is copied: chunks, ranges, sizes, form and reason, order, and what is left out', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small VALUES (1);
     CREATE TYPE pair AS (a int, b text);
     CREATE TABLE large (id int PRIMARY KEY, p pair, filler text);
     INSERT INTO large SELECT g, row(g, 'x'::text)::pair, repeat('f', 100) FROM generate_series(1, 30000) g;
     CREATE TABLE left_out (id int); INSERT INTO left_out VALUES (1)`,
  )
  const destination = await createDatabase(sharedServer(18))
  const { outcome, report } = await migrate(source, destination, {
    mode: 'plan',
    chunkMegabytes: 1,
    databases: [{ name: source.name, as: destination.name, exclude: ['public.left_out'] }],
  })
  expect(outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(report.status).toBe('planned')
  const text = stripVTControlCharacters(summaryText(report, 1000))
  expect(text).toMatch(/plan +2 tables, \d+ chunks, .* largest chunks first/)
  expect(text).toMatch(
    /public\.large .* MB, [4-9] chunks \(ranges of pages\), text: p \(public\.pair\) carries object ids/,
  )
  expect(text).toMatch(/public\.small .*, 1 chunk, binary/)
  expect(text.indexOf('public.large')).toBeLessThan(text.indexOf('public.small'))
  expect(text).toMatch(/skipped .*table public\.left_out/)
  const [large] = report.databases[0]?.tables.filter(({ table }) => table === 'large') ?? []
  expect(large).toMatchObject({ ranges: 'tid', order: 1, format: 'text', chunksDone: 0 })
  expect(await destination.query(`SELECT to_regclass('public.large') AS made`)).toEqual([{ made: null }])
})
