import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { changeLimits } from '../../../lambdas/core/ledger/limits.ts'
import { handler as planCopy } from '../../../lambdas/stages/copy/plan/plan-handler.ts'
import { copyRound } from '../../support/copy-round.ts'
import { openSession } from '../../support/copy-run.ts'
import { stepContext, stepEvent } from '../../support/events.ts'
import { createDatabase, sharedServer, type TestDatabase } from '../../support/servers.ts'
import { ledgerObjects, mustBeDone } from './steps.ts'

const LANES = 3
/** Each index takes 0.2 seconds on the destination. */
const TABLES = Array.from(
  { length: 6 },
  (_, n) => `CREATE TABLE t${n} (id int); INSERT INTO t${n} SELECT generate_series(1, 20);
    CREATE INDEX ON t${n} (slow(id));`,
).join('\n')
const SLOW = `CREATE FUNCTION slow(id int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
    IF pg_catalog.current_setting('server_version_num')::int >= 180000 THEN PERFORM pg_catalog.pg_sleep(0.01); END IF;
    RETURN id; END $$;`

/** Builds with three lanes. @returns the most statements that were under way at once */
async function build(name: string, limit: number | null): Promise<number> {
  const source = await createDatabase(sharedServer(15), `${SLOW} ${TABLES}`)
  const destination = await createDatabase(sharedServer(18))
  const event = stepEvent(source, destination, { name, lanes: LANES })
  await mustBeDone('planObjects', event)
  expect((await planCopy(event, stepContext())).verdict).toBe('done')
  await mustBeDone('createObjects', event)
  expect((await copyRound(event, 1)).summary).toMatchObject({ verdict: 'done' })
  if (limit !== null) {
    const session = await openSession(destination, 'destination')
    await changeLimits(session, name, { lanes: limit })
    await session.close()
  }
  let building = true
  const lanes = Array.from({ length: LANES }, (_, lane) => mustBeDone('buildIndexes', { ...event, lane }))
  const watched = mostAtOnce(destination, () => building)
  await Promise.all(lanes).finally(() => {
    building = false
  })
  expect(await ledgerObjects(destination, `stage = 'index' AND status <> 'migrated'`)).toEqual([])
  return watched
}

async function mostAtOnce(destination: TestDatabase, goOn: () => boolean): Promise<number> {
  let most = 0
  while (goOn()) {
    const [row] = await destination.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND query LIKE '%CREATE INDEX%slow%' AND pid <> pg_backend_pid()`,
    )
    most = Math.max(most, Number(row?.n))
    await sleep(10)
  }
  return most
}

test('of more index lanes than the ledger allows, those above it start nothing', { tags: 'long' }, async () => {
  expect(await build('index-limit-1', 1)).toBe(1)
  expect(await build('index-limit-none', null)).toBeGreaterThan(1)
})
