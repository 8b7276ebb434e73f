import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { endRound } from '../../../lambdas/core/ledger/chunks/round.ts'
import { openDestination } from '../../../lambdas/core/postgres/sessions.ts'
import { readEnvironment } from '../../../lambdas/core/runtime/environment.ts'
import type { StepEvent } from '../../../lambdas/core/runtime/event.ts'
import type { StepAnswer } from '../../../lambdas/core/runtime/verdict.ts'
import { handler as analyze } from '../../../lambdas/stages/schema/analyze-handler.ts'
import { handler as createObjects } from '../../../lambdas/stages/schema/create-handler.ts'
import { handler as buildIndexes } from '../../../lambdas/stages/schema/index-handler.ts'
import { handler as linkObjects } from '../../../lambdas/stages/schema/link-handler.ts'
import { dump } from '../../../lambdas/stages/schema/pgdump/dump.ts'
import { handler as planObjects } from '../../../lambdas/stages/schema/plan-handler.ts'
import { handler as syncSequences } from '../../../lambdas/stages/schema/sequences-handler.ts'
import { handler as summariseIndexes } from '../../../lambdas/stages/schema/summary-handler.ts'
import { readArchive } from '../../../lambdas/stages/schema/toc/read.ts'
import { stepContext } from '../../support/events.ts'
import type { TestDatabase } from '../../support/servers.ts'

export const allKinds = await readFile(new URL('./all-kinds.sql', import.meta.url), 'utf8')
export const allKinds18 = await readFile(new URL('./all-kinds-18.sql', import.meta.url), 'utf8')

export const steps = { planObjects, createObjects, buildIndexes, summariseIndexes, linkObjects, syncSequences, analyze }

/** One step, called until it is no longer `more`, nor waits for its turn, as the state machine does it. */
export async function call(name: keyof typeof steps, event: StepEvent, seconds = 60): Promise<StepAnswer<unknown>> {
  for (;;) {
    const answer = await steps[name]({ ...event, results: [] } as never, stepContext(seconds))
    // An index lane that has had nothing to do for ten seconds leaves the waiting to the machine; nothing is wrong with it.
    const waits = answer.verdict === 'retry' && answer.error === null
    if (answer.verdict !== 'more' && !waits) return answer
    await sleep(answer.pause * 1000)
  }
}

/** All the schema's steps in their order, two index lanes side by side; each must be done. */
export async function migrateSchema(event: StepEvent): Promise<void> {
  await mustBeDone('planObjects', event)
  await mustBeDone('createObjects', event)
  await endCopy(event)
  await Promise.all([0, 1].map((lane) => mustBeDone('buildIndexes', { ...event, lane })))
  for (const name of ['summariseIndexes', 'linkObjects', 'syncSequences', 'analyze'] as const) {
    await mustBeDone(name, event)
  }
}

/** Says in the ledger that all rows are there, as the end of the copy does it. */
export async function endCopy(event: StepEvent): Promise<void> {
  const destination = await openDestination(event, readEnvironment(), { purpose: 'test' })
  await endRound(destination, event.run)
  await destination.close()
}

export async function mustBeDone(name: keyof typeof steps, event: StepEvent): Promise<void> {
  const answer = await call(name, event)
  expect(answer, name).toMatchObject({ verdict: 'done', error: null })
}

/** The database's objects as pg_dump sees them, without the ledger's: `kind schema tag` and, where wanted, the SQL. */
export async function objectsOf(database: TestDatabase, withSql: boolean): Promise<string[]> {
  const client = await database.connect()
  const { archive } = await dump({ client })
  await client.end()
  return readArchive(archive)
    .entries.filter(({ schema, tag, kind }) => schema !== 'sampan' && tag !== 'sampan' && kind !== 'DATABASE')
    .map(({ kind, schema, tag, sql }) => `${kind} ${schema} ${tag}${withSql ? ` ${sql}` : ''}`)
    .sort()
}

/** The ledger's objects of some status. */
export function ledgerObjects(database: TestDatabase, where: string) {
  return database.query(
    `SELECT kind, schema, name, status, reason, error_code, error_message,
            (SELECT b.kind || ' ' || b.name FROM sampan.object b WHERE b.run = o.run AND b.id = o.blocked_by) AS blocked_by
       FROM sampan.object o WHERE ${where} ORDER BY position`,
  )
}
