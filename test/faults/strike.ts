import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { logFile } from '../../local/servers/directory.ts'
import type { FunctionName } from '../../statemachine/functions.ts'
import type { Login } from '../support/run.ts'
import { ask, enter } from './ask.ts'
import type { Moment, Strike } from './fault.ts'
import { SOURCE_DATABASE } from './servers.ts'
import type { Place } from './stage.ts'
import { type Side, stepsFrom } from './steps.ts'

/** The server's own word that it came to something: a statement may end in the moment in which it is cancelled. */
const WORDS = {
  cancel: 'canceling statement due to user request',
  terminate: 'terminating connection due to administrator command',
  deadlock: 'deadlock detected',
} as const

/**
 * Looks for a session of the run that is at work, and strikes it: on the server itself, because a statement may be over in
 * less time than an answer takes. Which one of several, the salt decides.
 */
const STRIKE = `
  CREATE OR REPLACE FUNCTION strike(run text, how text, salt text) RETURNS boolean LANGUAGE plpgsql AS $$
  DECLARE
    until timestamptz := clock_timestamp() + interval '1 second';
    found int;
  BEGIN
    LOOP
      PERFORM pg_stat_clear_snapshot();
      SELECT pid INTO found FROM pg_stat_activity
       WHERE application_name LIKE 'sampan:' || run || ':%' AND application_name NOT LIKE '%:progress'
         AND (state = 'active' OR how = 'terminate' AND state = 'idle in transaction')
       -- A watch is named after the process that it looks after.
       ORDER BY md5(regexp_replace(application_name, ':watch:[0-9]+$', ':watch') || salt) LIMIT 1;
      IF found IS NOT NULL THEN
        RETURN CASE how WHEN 'cancel' THEN pg_cancel_backend(found) ELSE pg_terminate_backend(found) END;
      END IF;
      IF clock_timestamp() > until THEN RETURN false; END IF;
      PERFORM pg_sleep(0.0005);
    END LOOP;
  END $$`

/** The last statements on a side are over in no time: they are kept waiting until they are struck. */
const LAST: Readonly<Record<Side, { readonly steps: readonly FunctionName[]; readonly lock: string }>> = {
  source: {
    steps: stepsFrom('SummariseCopyFunction', 'SyncSequencesFunction'),
    // LOCK is for tables only.
    lock: 'ALTER SEQUENCE downward OWNER TO CURRENT_USER',
  },
  destination: {
    steps: stepsFrom('SummariseValidationFunction', 'ReportFunction'),
    lock: 'LOCK TABLE sampan.run IN ACCESS EXCLUSIVE MODE',
  },
}

/** @returns lets the statements go on */
async function keepWaiting({ at }: Place, run: string, { side, step }: Moment & Strike): Promise<() => Promise<void>> {
  const last = LAST[side]
  if (!last.steps.includes(step)) return async () => {}
  const client = await enter(at, side === 'source' ? SOURCE_DATABASE : run)
  await client.query(`BEGIN; ${last.lock}`)
  let ended: Promise<void> | null = null
  return () => {
    ended ??= client.end()
    return ended
  }
}

/**
 * Makes ready to strike sessions of the run, which is done when the answer is called: no step is to be over before.
 * @returns strikes until so many sessions have felt it; false where none has
 */
export async function prepareStrike(place: Place, run: string, fault: Moment & Strike, over: AbortSignal) {
  const { at, directory } = place
  const before = await told(directory, WORDS[fault.how])
  const count = async () => (await told(directory, WORDS[fault.how])) - before
  const client = await enter(at, fault.how === 'deadlock' ? run : 'postgres')
  if (fault.how !== 'deadlock') await client.query(STRIKE)
  const release = await keepWaiting(place, run, fault)
  return async () => {
    try {
      if (fault.how === 'deadlock') await lockHorns(client, at, run, fault.table, over)
      else await strikeAll(client, run, fault, over, count, release)
    } finally {
      await release()
      await client.end()
    }
    return (await count()) > 0
  }
}

async function strikeAll(
  client: pg.Client,
  run: string,
  { how, times }: Strike,
  over: AbortSignal,
  count: () => Promise<number>,
  release: () => Promise<void>,
): Promise<void> {
  for (let round = 0; (await count()) < times && !over.aborted; round += 1) {
    await client.query('SELECT strike($1, $2, $3)', [run, how, `${round}`])
    // The log has a moment to tell of it, and the run to go on.
    await sleep(30)
    if ((await count()) > 0) await release()
  }
}

async function told(directory: string, words: string): Promise<number> {
  return (await readFile(logFile(directory), 'utf8')).split(words).length - 1
}

/** A step that does not come to the table in this time is over with it: a later one, which holds nothing, would wait for ever. */
const LONGEST_HOLD_MILLISECONDS = 10_000

/**
 * Takes a table, waits until a session of the run waits for it, and then wants what that one holds of the ledger. The
 * session looks first, after its deadlock_timeout of a second, and loses.
 */
async function lockHorns(client: pg.Client, at: Login, run: string, table: string, over: AbortSignal): Promise<void> {
  await client.query(`SET deadlock_timeout = '10s'; BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
  const own = (await client.query<{ pid: string }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid
  const until = performance.now() + LONGEST_HOLD_MILLISECONDS
  for (; !over.aborted && performance.now() < until; await sleep(5)) {
    const rows = await ask(
      at,
      run,
      `SELECT DISTINCT format('%I.%I', n.nspname, c.relname) AS held
           FROM pg_stat_activity a JOIN pg_locks l USING (pid) JOIN pg_class c ON c.oid = l.relation
           JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE a.application_name LIKE 'sampan:${run}:%' AND ${own} = ANY (pg_blocking_pids(a.pid))
            AND l.granted AND l.mode IN ('RowShareLock', 'RowExclusiveLock')
            AND n.nspname = 'sampan' AND c.relname IN ('chunk', 'object')`,
    )
    const held = rows[0]?.held
    if (typeof held !== 'string') continue
    await client.query(`LOCK TABLE ${held} IN EXCLUSIVE MODE`).catch(() => {})
    return
  }
}
