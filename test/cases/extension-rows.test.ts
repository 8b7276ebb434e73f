import { beforeAll, expect, test } from 'vitest'
import { openCase } from '../support/cases/case.ts'
import { dumpText } from '../support/judges.ts'
import { otherServer15, sharedServer, type TestDatabase } from '../support/servers.ts'
import { putExtension } from '../support/test-extension.ts'

const SCRIPT = `
CREATE TABLE "Job Kind" (id serial PRIMARY KEY, name text NOT NULL UNIQUE, own boolean NOT NULL DEFAULT true, labels text[],
  long int GENERATED ALWAYS AS (length(name)) STORED);
INSERT INTO "Job Kind" (name, own) VALUES ('vacuum', false), ('analyze', false);
CREATE TABLE step (id int PRIMARY KEY, what jsonb, job int);
CREATE TABLE job (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind int NOT NULL REFERENCES "Job Kind", parent int REFERENCES job, note text);
ALTER TABLE step ADD FOREIGN KEY (job) REFERENCES job;
CREATE TABLE setting (name text, value text);
INSERT INTO setting VALUES ('gone', '1'), ('changed', '2'), ('kept', '3');
SELECT pg_extension_config_dump('"Job Kind"', 'WHERE own -- the user''s own');
SELECT pg_extension_config_dump('"Job Kind_id_seq"', '');
SELECT pg_extension_config_dump('job', '');
SELECT pg_extension_config_dump('job_id_seq', '');
SELECT pg_extension_config_dump('step', 'where id > 10');
SELECT pg_extension_config_dump('setting', '');
`

/** Another version, as the destination may have it: a table less, a column less, a column more that asks for a value, another condition. */
const OTHER_SCRIPT = SCRIPT.replace(', labels text[]', '')
  .replace(
    'CREATE TABLE setting (name text, value text)',
    'CREATE TABLE setting (name text, value text, since date NOT NULL DEFAULT now())',
  )
  .replace(/^.*step.*\n/gm, '')

const ROLE_SCRIPT = `CREATE TABLE mine (a int); SELECT pg_extension_config_dump('mine', '')`

beforeAll(async () => {
  for (const server of [sharedServer(15), await otherServer15()]) {
    await putExtension(server, { name: 'sampan_jobs', script: SCRIPT })
    await putExtension(server, { name: 'sampan_trusted', script: ROLE_SCRIPT, control: 'trusted = true' })
  }
  await putExtension(sharedServer(18), { name: 'sampan_jobs', script: OTHER_SCRIPT })
})

/** pg_dump writes the rows of configuration that satisfy the condition, and values of its sequences. */
async function configuration({ connection }: TestDatabase): Promise<readonly string[]> {
  const text = await dumpText(connection, ['--data-only', '--exclude-schema=sampan'])
  return text
    .split('\n')
    .filter((line) => !/^(--|\\(un)?restrict|SET |$)/.test(line))
    .toSorted()
}

test('rows of an extension’s configuration are migrated as pg_dump takes them, with its sequences', {
  tags: 'long',
}, async () => {
  const opened = await openCase('extension-rows')
  const run = await opened.run()
  expect(run.findings.map(({ code }) => code)).not.toContain('EXTENSION_ROWS')
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  const there = await configuration(opened.destination)
  expect(there.filter((line) => line.includes('own 7'))).not.toEqual([])
  expect(there).toEqual(await configuration(opened.source))
})

test('an extension that stood on the destination before is in nobody’s way, but for rows that the source does not have', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const opened = await openCase('extension-rows')
  await opened.destination.query('CREATE SCHEMA "Tool Box"; CREATE EXTENSION sampan_jobs WITH SCHEMA "Tool Box"')
  await opened.destination.query(`INSERT INTO "Tool Box".setting VALUES ('theirs', '9')`)
  const refused = await opened.run()
  const finding = refused.findings.find(({ code }) => code === 'DST_EXTENSION_ROWS')
  expect(finding).toMatchObject({ details: ['"Tool Box".setting of sampan_jobs'], blocks: true })
  expect(refused.findings.filter(({ blocks }) => blocks)).toHaveLength(1)

  const run = await opened.run({ precheck: { acknowledge: ['DST_EXTENSION_ROWS'] } })
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await configuration(opened.destination)).toEqual(await configuration(opened.source))
  // The same again: the rows are the run's own by now.
  const again = await opened.run({ name: run.report.run })
  expect(again.findings.map(({ code }) => code)).not.toContain('DST_EXTENSION_ROWS')
  expect(again.outcome).toMatchObject({ exitStatus: 0, error: null })
})

test('rows that the destination’s version of the extension has no place for are told, and left behind where that is acknowledged', async () => {
  const opened = await openCase('extension-rows', { destination: sharedServer(18) })
  const refused = await opened.run()
  const finding = refused.findings.find(({ code }) => code === 'EXTENSION_ROWS')
  expect(finding?.details).toEqual([
    '"Tool Box"."Job Kind" of sampan_jobs, the destination’s version of the extension has no column labels in it',
    '"Tool Box".step of sampan_jobs, CREATE EXTENSION does not make it on the destination',
  ])
  expect(refused.outcome.exitStatus).toBe(3)
})

test('where the database is still to be made the plan tells it, before an object is made', {
  tags: 'long',
}, async () => {
  const opened = await openCase('extension-rows-unseen', { destination: sharedServer(18) })
  const refused = await opened.run()
  expect(refused.outcome.error).toMatchObject({ code: 'EXTENSION_ROWS' })
  expect(refused.outcome.error?.message).toContain('public.step: CREATE EXTENSION does not make it')
  expect(await opened.destination.query(`SELECT to_regclass('public.job') AS made`)).toEqual([{ made: null }])
  const run = await opened.run({ name: refused.report.run, precheck: { acknowledge: ['EXTENSION_ROWS'] } })
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(run.named('skipped')).toEqual(['TABLE DATA public.step', 'TABLE DATA public.Job Kind'])
})

test('an account that may not write in the tables of a trusted extension is told so, and brings the rest', {
  tags: 'long',
}, async () => {
  const opened = await openCase('extension-rows-of-account')
  const refused = await opened.run()
  const finding = refused.findings.find(({ code }) => code === 'EXTENSION_ROWS')
  expect(finding?.details).toEqual([
    'public.mine of sampan_trusted, the destination’s account has no SELECT, INSERT, DELETE on it',
  ])
  const run = await opened.run({ precheck: { acknowledge: ['EXTENSION_ROWS'] } })
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(await opened.destination.query('SELECT a FROM own')).toEqual([{ a: '7' }])
})

test('tables of configuration are excluded by their names', { tags: 'long' }, async () => {
  const opened = await openCase('extension-rows')
  const { name } = opened.source
  const all = { name, as: opened.destination.name }
  const run = await opened.run({ databases: [{ ...all, exclude: ['"Tool Box".setting', '"Tool Box".job_id_seq'] }] })
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  expect(run.named('skipped').toSorted()).toEqual(['SEQUENCE SET Tool Box.job_id_seq', 'TABLE DATA Tool Box.setting'])
  expect(run.objects.find(({ name }) => name === 'Tool Box.setting')?.reason).toBe('the task excludes it')
  expect(await opened.destination.query('SELECT count(*) FROM "Tool Box".setting')).toEqual([{ count: '3' }])
})
