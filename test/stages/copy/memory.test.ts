import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { bundleHandlers } from '../../../infra/bundle.ts'
import { handler as summariseCopy } from '../../../lambdas/stages/copy/lane/summary-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { planRelations } from '../../support/copy-run.ts'
import { temporaryDirectory } from '../../support/directories.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer } from '../../support/servers.ts'

process.env.SAMPAN_ARTEFACTS = 'file:///tmp/unused'
process.env.SAMPAN_LOG = 'off'

const MEGABYTE = 1024 * 1024
const root = new URL('../../..', import.meta.url).pathname
let bundle: string

beforeAll(async () => {
  const handlers = { lane: 'lambdas/stages/copy/lane/lane-handler.ts' }
  bundle =
    (await bundleHandlers({ handlers, root, out: join(await temporaryDirectory(), 'bundles') }))[0]?.directory ?? ''
})

/** Copies one table by a lane of its own process. @returns the lane's peak RSS in MiB */
async function copyByProcess(ddl: string, rows: string, content: string): Promise<number> {
  const source = await createDatabase(sharedServer(15), `${ddl}; ${rows}; ANALYZE`)
  const destination = await createDatabase(sharedServer(18), ddl)
  const event = stepEvent(source, destination)
  await planRelations(source, destination, event)
  await planCopy(event, stepContext())
  const keepers = [1, 2].map((lane) => keepSnapshot({ ...event, lane }, stepContext(120)))
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--no-warnings',
    new URL('../../support/lane-process.ts', import.meta.url).pathname,
    bundle,
    JSON.stringify(event),
  ])
  const { verdict, error, peakBytes } = JSON.parse(stdout)
  expect({ verdict, error }).toEqual({ verdict: 'done', error: null })
  const results = [{ lane: 0, verdict: 'done' as const, error: null }]
  expect(await summariseCopy({ ...event, results }, stepContext())).toMatchObject({ verdict: 'done', error: null })
  await Promise.all(keepers)
  expect(await destination.query(content)).toEqual(await source.query(content))
  return peakBytes / MEGABYTE
}

test('a lane takes less than 192 MiB for rows of 200 MB', { tags: 'long', timeout: 120_000 }, async () => {
  const peak = await copyByProcess(
    'CREATE TABLE wide (id int, b bytea); ALTER TABLE wide ALTER b SET STORAGE EXTERNAL',
    `INSERT INTO wide SELECT g, decode(repeat('0' || g, 200000000), 'hex') FROM generate_series(1, 1) g`,
    'SELECT id, length(b) AS bytes, md5(b) AS md5 FROM wide ORDER BY id',
  )
  console.log(peak)
  expect(peak).toBeLessThan(192)
})

test('a lane’s memory does not grow with the table', { tags: 'long', timeout: 120_000 }, async () => {
  const table = (rows: number) =>
    copyByProcess(
      'CREATE TABLE narrow (id bigint, n int, t text)',
      `INSERT INTO narrow SELECT g, g % 1000, md5(g::text) FROM generate_series(1, ${rows}) g`,
      'SELECT count(*), sum(hashtext(narrow::text)) AS sum FROM narrow',
    )
  const [small, large] = [await table(100_000), await table(2_000_000)]
  console.log(small, large)
  expect(large - small).toBeLessThan(32)
  expect(large).toBeLessThan(192)
})
