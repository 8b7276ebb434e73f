import { expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'

test('a CHECK comes behind the rows where they may break it today: it is as it was where they hold it, else NOT VALID and named', {
  tags: 'long',
}, async () => {
  const run = await (await openCase('checks-of-today')).run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  // The run's own doing is nobody else's.
  expect(run.report.databases[0]?.events.map(({ code }) => code)).not.toContain('DST_DEFINITIONS_CHANGED')
  const changed = run.objects.filter(({ status }) => status === 'transformed')
  expect(changed.map(({ name }) => name).toSorted()).toEqual([
    'public.parent id_fits',
    'public.part n_fits',
    'public.tree n_fits',
  ])
  expect(changed.map(({ reason }) => reason)).toEqual(changed.map(() => expect.stringContaining('NOT VALID: rows')))
  expect(await run.differences({ rows: true })).toEqual([])
  const text = (await run.differences()).filter((line) => /CHECK|CONSTRAINT/.test(line))
  expect(text.filter((line) => !/fits/.test(line))).toEqual([])
})

test('the checks of domains, and those that read other tables, come behind the rows too', {
  tags: 'long',
}, async () => {
  const run = await (await openCase('checks-of-domains')).run()
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  // The run's own doing is nobody else's.
  expect(run.report.databases[0]?.events.map(({ code }) => code)).not.toContain('DST_DEFINITIONS_CHANGED')
  const changed = run.objects.filter(({ status }) => status === 'transformed')
  expect(changed.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['CHECK CONSTRAINT public.small small_fits'])
  expect(changed[0]?.reason).toBe(
    'NOT VALID: rows do not hold it (23514), and only new ones are checked; when they are mended: ALTER DOMAIN public.small VALIDATE CONSTRAINT small_fits',
  )
  expect(run.summary).toContain('ALTER DOMAIN public.small VALIDATE CONSTRAINT small_fits')
  expect(run.named('skipped')).toEqual([])
  expect(await run.differences({ rows: true })).toEqual([])
  expect((await run.differences()).filter((line) => !/small/.test(line))).toEqual([])
})

test('rows that the destination refuses end the run with their table’s name, at once, when all others have arrived', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const run = await (await openCase('refused-rows')).run({ retry: { connectionMinutes: 600, otherMinutes: 500 } })
  expect(run.outcome).toMatchObject({ exitStatus: 1, error: { code: 'DST_ROWS_REFUSED' } })
  expect(run.outcome.error?.message).toContain('public.domained')
  // The remedy of the table's own error, everywhere.
  const remedy = expect.stringContaining('mend the rows or the rule')
  expect([run.outcome.error, run.report.error, run.report.databases[0]?.error]).toEqual(
    Array(3).fill(expect.objectContaining({ code: 'DST_ROWS_REFUSED', remedy })),
  )
  expect(run.summary).toContain(run.report.error?.remedy)
  const tables = run.report.databases[0]?.tables ?? []
  expect(tables.find(({ name }) => name === 'public.other')?.rows).toBe(1000)
})

test('a task that goes on without what fails leaves those rows out, with what stands on them, and makes all else', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const opened = await openCase('refused-rows')
  await opened.source.query(`CREATE TABLE refers (id int REFERENCES domained); INSERT INTO refers VALUES (20); CREATE INDEX ON domained (n);
    CREATE VIEW few AS SELECT n FROM domained; CREATE MATERIALIZED VIEW filled AS SELECT count(*) AS n FROM few`)
  const run = await opened.run({ onObjectError: 'continue' })
  expect(run.outcome).toMatchObject({ exitStatus: 4, error: null })
  expect(run.report.status).toBe('incomplete')
  expect(run.named('failed')).toEqual(['TABLE DATA public.domained'])
  expect(run.named('blocked').toSorted()).toEqual([
    'FK CONSTRAINT public.refers refers_id_fkey',
    'MATERIALIZED VIEW DATA public.filled',
  ])
  expect(run.summary).toMatch(/table data public\.domained, with about .* of rows\n/)
  expect(await run.differences({ rows: true })).toEqual([
    expect.stringContaining('rows of public.domained'),
    expect.stringContaining('rows of public.filled'),
  ])
  expect(await opened.destination.query(`SELECT count(*) FROM pg_index WHERE indrelid = 'domained'::regclass`)).toEqual(
    [{ count: '2' }],
  )
})
