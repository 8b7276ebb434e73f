import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { precheckDocumentSchema } from '../../../lambdas/core/documents/precheck.ts'
import { toDatabaseError } from '../../../lambdas/core/postgres/errors.ts'
import type { Check } from '../../../lambdas/stages/precheck/check.ts'
import { handler } from '../../../lambdas/stages/precheck/handler.ts'
import { checks } from '../../../lambdas/stages/precheck/registry.ts'
import { runChecks } from '../../../lambdas/stages/precheck/runner.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, expectNoBackends, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { countTurns } from '../../support/turns.ts'
import { impatient, itemOf, precheck } from './prechecks.ts'

const directory = mkdtempSync(join(tmpdir(), 'precheck-'))
let source: TestDatabase
let destination: TestDatabase

beforeAll(async () => {
  source = await createDatabase(sharedServer(15), 'CREATE TABLE t (a int PRIMARY KEY)')
  destination = await createDatabase(sharedServer(18))
})
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rmSync(directory, { recursive: true }))

function inDirectory(): void {
  vi.stubEnv('SAMPAN_ARTEFACTS', `file://${directory}`)
  vi.stubEnv('SAMPAN_LOG', 'off')
}

async function written(execution: string) {
  const text = await readFile(join(directory, 'runs/test-run', execution, 'precheck.json'), 'utf8')
  return precheckDocumentSchema.parse(JSON.parse(text))
}

test('a refused task is answered as done, with the whole story in the artefact', async () => {
  inDirectory()
  const answer = await handler(stepEvent(source, destination, { execution: 'first' }), stepContext())
  expect(answer).toMatchObject({ verdict: 'done', error: null, output: { refused: true } })
  const document = await written('first')
  expect(document).toMatchObject({ refused: true, score: answer.output?.score })
  expect(document.score).toBeLessThan(100)
  expect(itemOf(document, 'DST_VERSION_DIFFERS')).toMatchObject({ side: 'both', database: null, status: 'failed' })
})

test('with its warnings acknowledged the same task passes', async () => {
  inDirectory()
  const precheck = { acknowledge: ['DST_VERSION_DIFFERS'] }
  const answer = await handler(stepEvent(source, destination, { execution: 'second', precheck }), stepContext())
  expect(answer.output).toEqual({ refused: false, score: 100 })
  expect(itemOf(await written('second'), 'DST_VERSION_DIFFERS').status).toBe('acknowledged')
})

test('the sessions of a precheck are closed behind it', async () => {
  await precheck(source, destination)
  await expectNoBackends(source)
  await expectNoBackends(destination)
})

const broken = (thrown: unknown): Check => ({
  code: 'BROKEN',
  side: 'source',
  level: 'error',
  scope: 'database',
  needs: ['source'],
  title: 't',
  cause: 'c',
  remedy: 'r',
  run: () => Promise.reject(thrown),
})

test('a check that breaks is told as not run, and blocks', async () => {
  const thrown = toDatabaseError({ code: '42501', message: 'permission denied for table pg_secret' }, 'source')
  const document = await precheck(source, destination, { only: [broken(thrown)] })
  expect(itemOf(document, 'BROKEN')).toMatchObject({
    status: 'not-run',
    blocks: true,
    cause: 'SRC_SQL_42501: the source answered: permission denied for table pg_secret',
  })
})

test('a connection lost in the middle is worth another try, not a finding', async () => {
  const check: Check = {
    ...broken(null),
    async run(context) {
      await context.source.rows('SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())')
      return []
    },
  }
  const opening = {
    event: stepEvent(source, destination),
    environment: { SAMPAN_ARTEFACTS: 'file:///tmp/none' },
    signal: AbortSignal.timeout(30_000),
    patience: impatient,
  }
  await expect(runChecks(opening, [check], null)).rejects.toMatchObject({ kind: 'connection', retryable: true })
  await expectNoBackends(source)
})

test('a run that is stopped stops the precheck', async () => {
  const controller = new AbortController()
  const opening = {
    event: stepEvent(source, destination),
    environment: { SAMPAN_ARTEFACTS: 'file:///tmp/none' },
    signal: controller.signal,
    patience: impatient,
  }
  const sleeping: Check = {
    ...broken(null),
    async run(context) {
      setTimeout(() => controller.abort(), 100)
      await context.source.rows('SELECT pg_catalog.pg_sleep(2)')
      return []
    },
  }
  await expect(runChecks(opening, [sleeping], null)).rejects.toMatchObject({ code: 'STOPPED' })
})

test('the number of round trips does not grow with the number of tables', { tags: 'long' }, async () => {
  const turnsOf = async (tables: number) => {
    const near = await createDatabase(
      sharedServer(15),
      `DO $$ BEGIN FOR i IN 1..${tables} LOOP EXECUTE format('CREATE TABLE t%s (a serial PRIMARY KEY, b int)', i); END LOOP; END $$`,
    )
    const counter = await countTurns(near.connection.port, 10)
    const far = { ...near, connection: { ...near.connection, port: counter.port } }
    // pg_dump asks its hundred questions one after the other, however many tables there are; it is near the source for that.
    const only = checks.filter(({ code }) => code !== 'DST_OBJECTS_REFUSED')
    const document = await precheck(far, destination, { only })
    expect(itemOf(document, 'SRC_RIGHTS_MISSING').status).toBe('passed')
    return counter.turns()
  }
  const few = await turnsOf(2)
  // One for each table would be 298 more.
  expect((await turnsOf(300)) - few).toBeLessThan(30)
})
