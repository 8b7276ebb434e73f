/**
 * Every class of error, made by real servers that are really cut, stopped, filled up and failed over: the step's verdict,
 * the window it opens, the code it tells, and that the run then ends with equal data.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TaskInput } from '../../lambdas/core/task/task.ts'
import { serverAccount } from '../../local/servers/account.ts'
import type { Server } from '../../local/servers/server.ts'
import type { FunctionName } from '../../statemachine/functions.ts'
import { compareDatabases } from '../support/judges.ts'
import { type Relay, startRelay } from '../support/relay.ts'
import { type Login, sideOf } from '../support/run.ts'
import { startTestServer } from '../support/servers.ts'
import { ask, enter } from './ask.ts'
import { type Taken, takeAllConnections } from './crowd.ts'
import { type FaultyRun, runFaulty } from './faulty-run.ts'
import { promote } from './outage.ts'
import { loginOf, SOURCE_DATABASE } from './servers.ts'
import { awaitReplay, primarySettings, type Standby, startStandby } from './standby.ts'
import { stepsFrom } from './steps.ts'

const nasty = readFileSync(new URL('nasty.sql', import.meta.url), 'utf8')
const names: Record<'source' | 'destination', 'SRC' | 'DST'> = { source: 'SRC', destination: 'DST' }

let source: Server
let destination: Server
let relays: Record<'source' | 'destination', Relay>
let name: string

beforeAll(async () => {
  source = await startTestServer({ major: 15, settings: { ...primarySettings, max_connections: '60' } })
  destination = await startTestServer({
    major: 18,
    // A deadlock is looked for once in each wait: late enough for a test to have closed it.
    settings: { ...primarySettings, max_connections: '60', deadlock_timeout: '3s' },
  })
  await ask(loginOf(source), 'postgres', `CREATE DATABASE ${SOURCE_DATABASE}`)
  await ask(loginOf(source), SOURCE_DATABASE, nasty)
  relays = {
    source: await startRelay({ port: source.port }),
    destination: await startRelay({ port: destination.port }),
  }
})

afterEach(async () => {
  await ask(loginOf(destination), 'postgres', `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
})

/** A task of its own name; the destination's database is made by the run, or by `sql` before it. */
function newTask(overrides: Partial<TaskInput> = {}): TaskInput {
  name = `errors-${randomBytes(4).toString('hex')}`
  const side = (server: Server, relay: Relay) => sideOf({ ...loginOf(server), port: relay.port })
  return {
    name,
    source: side(source, relays.source),
    destination: side(destination, relays.destination),
    databases: [{ name: SOURCE_DATABASE, as: name }],
    lanes: 2,
    chunkMegabytes: 1,
    precheck: { acknowledge: ['DST_VERSION_DIFFERS'] },
    ...overrides,
  }
}

async function expectEqual(run: FaultyRun, from: Login = loginOf(source)): Promise<void> {
  expect(run.outcome).toMatchObject({ exitStatus: 0, error: null })
  const connection = ({ host, port, user, password }: Login, database: string) => ({
    connection: { host, port, user, password, database },
  })
  const differences = await compareDatabases(connection(from, SOURCE_DATABASE), connection(loginOf(destination), name))
  expect(differences).toEqual([])
}

/** Runs SQL about the run until it has found something; which step a session belongs to is in its name. */
async function untilFound(server: Server, sql: string, database = 'postgres'): Promise<void> {
  const client = await enter(loginOf(server), database)
  try {
    const until = performance.now() + 30_000
    while (performance.now() < until) {
      if ((await client.query(sql)).rows.length > 0) return
      await sleep(10)
    }
  } finally {
    await client.end()
  }
  throw new Error(`nothing found by ${sql}`)
}

/** Keeps everybody away from a table, calls `meanwhile`, and lets go. */
async function lockTable(
  server: Server,
  database: string,
  table: string,
  meanwhile: (client: pg.Client) => Promise<void>,
) {
  const client = await enter(loginOf(server), database)
  // Of the two in a deadlock it is never the one to go.
  await client.query(`SET deadlock_timeout = '20s'; BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
  return { released: meanwhile(client).finally(() => client.end()) }
}

const AT_WORK = stepsFrom('PlanObjectsFunction', 'SealFunction')
/** Precheck tells of a lost source as a finding, not as an error. */
const READ_SOURCE: readonly FunctionName[] = [
  'PlanObjectsFunction',
  'PlanCopyFunction',
  'KeepSnapshotFunction',
  'CopyLaneFunction',
  'SyncSequencesFunction',
]

describe('a lost connection', () => {
  test.each([
    ['destination', AT_WORK],
    ['source', READ_SOURCE],
  ] as const)(
    'to the %s in each step is waited for, and costs nothing',
    { tags: 'long', timeout: 120_000 },
    async (side, steps) => {
      /** Steps whose first call has not answered yet: as long as there are any, what the server says ends in a reset. */
      const cutting = new Set<FunctionName>()
      const arm = () => {
        if (cutting.size > 0) relays[side].cutAfter(1, 'received', arm)
      }
      const run = await runFaulty(
        newTask(),
        (step, call) => {
          if (call !== 1 || !steps.includes(step)) return
          cutting.add(step)
          arm()
        },
        ({ step }) => {
          cutting.delete(step)
          if (cutting.size === 0) relays[side].cutAfter(Number.POSITIVE_INFINITY, 'received')
        },
      )
      const firsts = steps.map((step) => `${step} ${run.errorsOf(step)[0]}`)
      expect(firsts).toEqual(steps.map((step) => `${step} retry connection ${names[side]}_CONNECTION_LOST`))
      expect(run.answers.filter(({ answer }) => answer.window?.kind === 'other')).toEqual([])
      await expectEqual(run)
    },
  )
})

describe('a destination that restarts', () => {
  test.each(['in order', 'as after a power cut'] as const)(
    '%s in the middle of DDL, COPY, an index and validation comes back to a run that waits',
    { tags: 'long', timeout: 120_000 },
    async (how) => {
      const steps: FunctionName[] = [
        'CreateObjectsFunction',
        'CopyLaneFunction',
        'BuildIndexesFunction',
        'ValidateLaneFunction',
      ]
      // One after the other: on a busy machine a step begins while the server is still coming back from the one before.
      let restarts = Promise.resolve()
      const run = await runFaulty(newTask({ throttle: { megabytesPerSecond: 5 } }), (step, call) => {
        if (call !== 1 || !steps.includes(step)) return
        const restart = async () => {
          // COPY is under way for a second; the other steps end within this time of their own login.
          await sleep(step === 'CopyLaneFunction' ? 400 : 15)
          if (how === 'as after a power cut') await destination.kill()
          await destination.restart()
        }
        restarts = restarts.then(restart)
      })
      await restarts
      expect(run.errorsOf('CopyLaneFunction').length).toBeGreaterThan(0)
      for (const { step, answer } of run.answers.filter(({ answer }) => answer.verdict === 'retry')) {
        expect([step, answer.window?.kind, answer.error?.code]).toEqual([
          step,
          'connection',
          expect.stringMatching(/^(DST_CONNECTION_LOST|DST_CONNECT_TCP|DST_SERVER_\w+|SNAPSHOT_NOT_KEPT)$/),
        ])
      }
      await expectEqual(run)
    },
  )
})

test('a destination without a free connection is waited for in the long window, and named', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  let taken: Taken | null = null
  const run = await runFaulty(
    newTask(),
    async (step, call) => {
      if (step !== 'CreateObjectsFunction' || call !== 1) return
      // Sessions that are kept from the steps before would not need a new one.
      relays.destination.cut()
      taken = await takeAllConnections(loginOf(destination))
    },
    async ({ answer }) => {
      if (answer.error?.code !== 'DST_TOO_MANY_CONNECTIONS') return
      await taken?.leave()
    },
  )
  const errors = run.errorsOf('CreateObjectsFunction')
  expect(errors).toContain('retry connection DST_TOO_MANY_CONNECTIONS')
  expect(errors.filter((error) => !error.startsWith('retry connection DST_'))).toEqual([])
  await expectEqual(run)
})

test('a deadlock with somebody else on the destination ends a batch of objects, which are then made one by one', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  let other: Promise<void> | null = null
  const run = await runFaulty(newTask(), async (step, call) => {
    if (step !== 'LinkObjectsFunction' || call !== 1) return
    const lock = await lockTable(destination, name, 'heap_log', async (client) => {
      // The trigger of "Order" is made before that of heap_log. A table's lock is handed to who waits for it by the session
      // that gives it up: when the batch has ended, the other one has both, and nothing can close the circle again.
      await untilFound(
        destination,
        `SELECT 1 FROM pg_stat_activity WHERE datname = '${name}' AND application_name LIKE 'sampan:%' AND wait_event_type = 'Lock'`,
      )
      await client.query('LOCK TABLE "Order" IN ACCESS EXCLUSIVE MODE')
    })
    other = lock.released
    other.catch(() => {})
  })
  await other
  expect(run.errorsOf('LinkObjectsFunction')).toEqual([])
  const deadlocks = `SELECT 1 FROM pg_stat_database WHERE datname = '${name}' AND deadlocks > 0`
  await untilFound(destination, deadlocks)
  await expectEqual(run)
})

test('a statement cancelled in the middle of a flight fails nothing that depends on what it would have made', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  // Sequences do not go back with the transaction: the schema is cancelled in its batch, and once more by itself.
  const cancelTwice = `
    CREATE SCHEMA watch;
    CREATE SEQUENCE watch.times;
    CREATE FUNCTION watch.cancel() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF pg_catalog.nextval('watch.times') <= 2 THEN RAISE EXCEPTION USING ERRCODE = 'query_canceled'; END IF;
    END $$;
    CREATE EVENT TRIGGER cancel ON ddl_command_start WHEN TAG IN ('CREATE SCHEMA') EXECUTE FUNCTION watch.cancel();`
  const run = await runFaulty(newTask(), async (step, call) => {
    if (step === 'CreateObjectsFunction' && call === 1) await ask(loginOf(destination), name, cancelTwice)
    if (step === 'CopyLaneFunction' && call === 1) {
      await ask(loginOf(destination), name, 'DROP EVENT TRIGGER IF EXISTS cancel; DROP SCHEMA IF EXISTS watch CASCADE')
    }
  })
  expect(run.errorsOf('CreateObjectsFunction')).toEqual(['retry other DST_SQL_57014'])
  await expectEqual(run)
})

describe('a session that somebody ends', () => {
  test.each([
    ['source', 'pg_cancel_backend', 'retry other SRC_SQL_57014'],
    ['destination', 'pg_cancel_backend', 'retry other DST_SQL_57014'],
    ['source', 'pg_terminate_backend', 'retry connection SRC_CONNECTION_LOST'],
    ['destination', 'pg_terminate_backend', 'retry connection DST_CONNECTION_LOST'],
  ] as const)(
    'the lane’s on the %s, by %s, is replaced',
    { tags: 'long', timeout: 60_000 },
    async (side, how, expected) => {
      const server = side === 'source' ? source : destination
      let done: Promise<void> | null = null
      const run = await runFaulty(newTask(), async (step, call) => {
        if (step !== 'CopyLaneFunction' || call !== 1) return
        // COPY waits for the table: it is under way for certain.
        const lock = await lockTable(server, side === 'source' ? SOURCE_DATABASE : name, '"Order"', () =>
          untilFound(
            server,
            `SELECT ${how}(pid) FROM pg_stat_activity WHERE application_name LIKE 'sampan:${name}:lane:%' AND wait_event_type = 'Lock'`,
          ),
        )
        done = lock.released
        done.catch(() => {})
      })
      await done
      expect(run.errorsOf('CopyLaneFunction')[0]).toBe(expected)
      await expectEqual(run)
    },
  )
})

describe('a full disk', () => {
  const DISK_BYTES = 48 * 1024 * 1024
  let disk: string | null = null
  beforeAll(() => {
    const directory = mkdtempSync(join(tmpdir(), 'sampan-disk-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', directory], { stdio: 'ignore' })
      disk = directory
    } catch {
      // Only root may mount; elsewhere the class of the error is tested by errors.test.ts of its room.
      rmSync(directory, { recursive: true })
    }
  })
  afterAll(async () => {
    if (disk === null) return
    await ask(loginOf(destination), 'postgres', 'DROP TABLESPACE IF EXISTS small')
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  })

  test('of the destination is waited for until somebody makes room', { tags: 'long', timeout: 120_000 }, async ({
    skip,
  }) => {
    if (disk === null) return skip('no right to mount a small file system')
    const { uid, gid } = serverAccount().ids
    if (uid !== undefined && gid !== undefined) chownSync(disk, uid, gid)
    chmodSync(disk, 0o700)
    // A file system of its own for the database, not for the WAL: a server that cannot write its WAL goes down instead.
    await ask(loginOf(destination), 'postgres', `CREATE TABLESPACE small LOCATION '${disk}'`)
    const task = newTask()
    await ask(loginOf(destination), 'postgres', `CREATE DATABASE "${name}" TEMPLATE template0 TABLESPACE small`)
    const ballast = join(disk, 'ballast')
    let filled = false
    const run = await runFaulty(
      task,
      (step) => {
        if (step !== 'CopyLaneFunction' || filled) return
        filled = true
        try {
          writeFileSync(ballast, Buffer.alloc(DISK_BYTES))
        } catch {
          // Now it is full. The ledger gets a little room: it is the rows that shall not fit.
          truncateSync(ballast, statSync(ballast).size - 3_000_000)
        }
      },
      ({ step, answer }) => {
        if (step === 'CopyLaneFunction' && answer.verdict === 'retry') rmSync(ballast, { force: true })
      },
    )
    expect(new Set(run.errorsOf('CopyLaneFunction'))).toEqual(new Set(['retry other DST_SQL_53100']))
    const told = run.answers.find(({ answer }) => answer.error?.code === 'DST_SQL_53100')
    expect(told?.answer.error?.remedy).toBe('enlarge the storage of the destination')
    await expectEqual(run)
    await ask(loginOf(destination), 'postgres', `DROP DATABASE "${name}" WITH (FORCE)`)
  })
})

test('a destination that its cloud locks against writes is not written to in spite of it, and waited for', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const set = async (value: 'on' | 'off') => {
    await ask(loginOf(destination), 'postgres', `ALTER SYSTEM SET default_transaction_read_only = ${value}`)
    await ask(loginOf(destination), 'postgres', 'SELECT pg_reload_conf()')
    await untilFound(destination, `SELECT 1 WHERE current_setting('default_transaction_read_only') = '${value}'`)
  }
  const run = await runFaulty(
    newTask(),
    async (step, call) => {
      if (step === 'CopyLaneFunction' && call === 1) await set('on')
    },
    async ({ step, answer }) => {
      if (step === 'CopyLaneFunction' && answer.error?.code === 'DST_SQL_25006') await set('off')
    },
  )
  await set('off')
  expect(run.errorsOf('CopyLaneFunction')).toContain('retry other DST_SQL_25006')
  const told = run.answers.find(({ answer }) => answer.error?.code === 'DST_SQL_25006')
  expect(told?.answer.error?.remedy).toContain('ApsaraDB: LockByDiskQuota')
  await expectEqual(run)
})

test('a destination whose name leads to a standby for a moment is waited for in the short window', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const standby = await startStandby(destination)
  const run = await runFaulty(
    newTask(),
    async (step, call) => {
      if (step !== 'CreateObjectsFunction' || call !== 1) return
      await awaitReplay(loginOf(destination), standby)
      relays.destination.leadTo(standby.port)
      // What is kept from the steps before still leads to the primary.
      relays.destination.cut()
    },
    ({ answer }) => {
      if (answer.error?.code !== 'DST_SQL_25006') return
      relays.destination.leadTo(destination.port)
      relays.destination.cut()
    },
  )
  await standby.stop()
  expect(run.errorsOf('CreateObjectsFunction')).toContain('retry other DST_SQL_25006')
  await expectEqual(run)
})

describe('a source that fails over to its standby', () => {
  let standby: Standby
  test('in the middle of the copy: the view is taken anew, what was written meanwhile is copied again', {
    tags: 'long',
    timeout: 120_000,
  }, async () => {
    // A table of two flights and more, without a key: what is copied of it is committed before its last rows are on their way.
    await ask(
      loginOf(source),
      SOURCE_DATABASE,
      `INSERT INTO heap_log SELECT line, at FROM heap_log, generate_series(1, 15); CREATE TABLE held AS SELECT 1 AS one`,
    )
    standby = await startStandby(source)
    await awaitReplay(loginOf(source), standby)
    let failover: Promise<void> | null = null
    const run = await runFaulty(newTask(), async (step, call) => {
      if (step !== 'CopyLaneFunction' || call !== 1) return
      // The copy cannot come to its end before the source has: one lane waits for this table, and of its one chunk only one can.
      const lock = await lockTable(source, SOURCE_DATABASE, 'held', async () => {
        await untilFound(
          source,
          `SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'sampan:${name}:lane:%' AND wait_event_type = 'Lock'`,
        )
        await untilFound(
          destination,
          `SELECT 1 FROM sampan.chunk JOIN sampan.relation r ON r.oid = relation WHERE r.name = 'heap_log' AND state = 'done'`,
          name,
        )
        await promote(source, relays.source, standby)
        await ask(standby, SOURCE_DATABASE, `INSERT INTO heap_log SELECT 'after', now() FROM generate_series(1, 7)`)
        // A row of every page: whichever chunks are done, none of them holds any more.
        await ask(standby, SOURCE_DATABASE, `DELETE FROM heap_log WHERE (ctid::text::point)[1] = 3`)
        relays.source.leadTo(standby.port)
      })
      failover = lock.released
      failover.catch(() => {})
    })
    await failover
    const told = run.answers.filter(({ answer }) => answer.verdict === 'retry').map(({ answer }) => answer.window?.kind)
    expect(told.length).toBeGreaterThan(0)
    expect(new Set(told)).toEqual(new Set(['connection']))
    await expectEqual(run, standby)
    const events = await ask(
      loginOf(destination),
      name,
      `SELECT message FROM sampan.event WHERE code = 'SNAPSHOT_MADE_GOOD'`,
    )
    expect(events[0]?.message).toContain('1 table was copied again: public.heap_log')
    await standby.stop()
  })
})
