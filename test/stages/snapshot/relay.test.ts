import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import type { StepAnswer } from '../../../lambdas/core/runtime/verdict.ts'
import { handler as copyLane } from '../../../lambdas/stages/copy/lane/lane-handler.ts'
import { handler as summariseCopy } from '../../../lambdas/stages/copy/lane/summary-handler.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { handler as keepSnapshot } from '../../../lambdas/stages/snapshot/handler.ts'
import { planRelations } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'

/** Every call lives this long, a quarter of which is the margin to stop in: a Lambda's 15 minutes, made short. */
const LIFE_SECONDS = 8

/** Rows so wide that a chunk of a megabyte takes a small part of a call at the rate of the test. */
const DDL = `CREATE TABLE account (id int PRIMARY KEY, balance int, filler text DEFAULT repeat('x', 900));
  CREATE TABLE entry (account int, amount int, filler text DEFAULT repeat('x', 900));`

/** A step as the state machine repeats it: again while it answers `more`. */
async function untilDone(step: () => Promise<StepAnswer>): Promise<{ answer: StepAnswer; calls: number }> {
  for (let calls = 1; ; calls += 1) {
    const answer = await step()
    if (answer.verdict !== 'more') return { answer, calls }
  }
}

/** Writes to the source all the time, each transaction keeping the sum of all balances at zero. */
async function writeUntil(source: TestDatabase, signal: AbortSignal): Promise<number> {
  const client = await source.connect()
  let transactions = 0
  while (!signal.aborted) {
    const amount = transactions + 1
    await client.query(`BEGIN; UPDATE account SET balance = balance - ${amount} WHERE id = ${(amount % 1000) + 1};
      UPDATE account SET balance = balance + ${amount} WHERE id = ${(amount % 997) + 1};
      INSERT INTO entry VALUES (${amount % 1000}, ${amount}); DELETE FROM entry WHERE amount = ${amount - 500}; COMMIT`)
    transactions += 1
    await sleep(5)
  }
  return transactions
}

const hashes = (table: string) => `SELECT count(*) AS rows, md5(string_agg(h, ',' ORDER BY h)) AS hash
  FROM (SELECT md5(t::text) AS h FROM ${table} t) rows`

test('a copy that outlives many keepers and lanes equals the source as it was when the view was taken', {
  tags: 'long',
  timeout: 300_000,
}, async () => {
  const source = await createDatabase(
    sharedServer(15),
    `${DDL} INSERT INTO account SELECT g, 0 FROM generate_series(1, 5000) g;
     INSERT INTO entry SELECT g % 1000, -g FROM generate_series(1, 20000) g; CREATE INDEX ON entry (amount)`,
  )
  const destination = await createDatabase(sharedServer(18), DDL)
  const event: StepEvent = stepEvent(source, destination, { chunkMegabytes: 1, throttle: { rowsPerSecond: 2500 } })
  await planRelations(source, destination, event)
  await planCopy(event, stepContext())

  const writing = new AbortController()
  const written = writeUntil(source, writing.signal)
  const keepers = [1, 2].map((lane) => untilDone(() => keepSnapshot({ ...event, lane }, stepContext(LIFE_SECONDS))))
  // The judge imports the first snapshot itself, and looks again when all is over.
  let first: Record<string, string | null> | undefined
  while (first === undefined) first = (await destination.query(`SELECT id FROM sampan.snapshot WHERE hop = 0`))[0]
  const judge = await source.connect()
  await judge.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '${first.id}'`)

  const lanes = await Promise.all(
    [0, 1].map((lane) => untilDone(() => copyLane({ ...event, lane }, stepContext(LIFE_SECONDS)))),
  )
  expect(lanes.map((lane) => lane.answer.error)).toEqual([null, null])
  const summary = await summariseCopy({ ...event, results: [] }, stepContext())
  const kept = await Promise.all(keepers)
  writing.abort()

  expect(await written).toBeGreaterThan(500)
  expect(summary).toMatchObject({ verdict: 'done', error: null })
  expect(Math.max(...lanes.map((lane) => lane.calls))).toBeGreaterThan(2)
  expect(Math.max(...kept.map((keeper) => keeper.calls))).toBeGreaterThan(2)
  const chain = await destination.query('SELECT DISTINCT generation FROM sampan.snapshot')
  expect(chain).toEqual([{ generation: '1' }])
  for (const table of ['account', 'entry']) {
    expect(await destination.query(hashes(table)), table).toEqual((await judge.query(hashes(table))).rows)
    expect(await source.query(hashes(table))).not.toEqual(await destination.query(hashes(table)))
  }
  await judge.query('COMMIT')
})
