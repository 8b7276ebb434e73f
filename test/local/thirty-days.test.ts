import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { idlePause } from '../../lambdas/core/runtime/idle.ts'
import { type CrashEvent, judgeHandler } from '../../lambdas/core/runtime/judge-handler.ts'
import { type StepOptions, stepHandler } from '../../lambdas/core/runtime/step-handler.ts'
import { done, more, type RetryWindow, type StepAnswer, waiting } from '../../lambdas/core/runtime/verdict.ts'
import { awayFor } from '../../lambdas/stages/copy/lane/turn.ts'
import type { LambdaHandler } from '../../local/interpreter/calls.ts'
import { runLocally } from '../../local/interpreter/interpreter.ts'
import { FUNCTIONS, type FunctionName } from '../../statemachine/functions.ts'
import { toDefinition } from '../../statemachine/migration.ts'
import { Histories, isTransition } from '../support/history.ts'
import { virtualTime } from '../support/virtual-time.ts'

const DAY = 24 * 3600
const COPIED = 30 * DAY
const WANTED = 10 * DAY
const INDEXED = 31 * DAY
const VALIDATED = 3 * DAY
/** A lane's call ends after 13 of its 15 minutes. */
const CALL = 780
const LIMIT = 25_000

const options: StepOptions = {
  environment: { SAMPAN_ARTEFACTS: 'file:///nowhere' },
  logger: { info() {}, warn() {}, error() {} },
  random: () => 0,
}
const lost = new SampanError({
  code: 'SRC_CONNECTION_LOST',
  message: 'gone',
  remedy: 'wait',
  retryable: true,
  kind: 'connection',
})

class Crash extends Error {
  override readonly name = 'Runtime.ExitError'
}

interface Call {
  readonly lane: number
  readonly window: RetryWindow | null
  readonly results: unknown
  /** Of FollowFunction: which of its states calls. */
  readonly what: unknown
  /** Virtual seconds since the run began. */
  now(): number
  progressed(): void
}

type Body = (call: Call) => Promise<StepAnswer<unknown>>

const pass = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000))

/** Works until a moment, call after call. */
function until(end: number): Body {
  return async ({ now }) => {
    await pass(Math.min(CALL, Math.max(0, end - now())))
    return now() < end ? more() : done()
  }
}

/** A keeper of the view: takes it over from the other one, or takes a new one where nobody holds any. */
function keepers() {
  const holders = new Map<number, number>()
  const seen = { views: 0, handovers: 0 }
  const keep: Body = async ({ lane, now }) => {
    await pass(5)
    if (now() >= COPIED) return done()
    const other = holders.get(3 - lane)
    if (other === undefined) seen.views += 1
    else seen.handovers += 1
    const longest = 875
    const close = other !== undefined && Math.abs(other - now() - longest) < longest / 4
    const leaves = now() + (close ? longest / 2 : longest)
    holders.set(lane, leaves)
    await pass(Math.min(leaves, COPIED) - now())
    holders.delete(lane)
    return now() < COPIED ? more() : done()
  }
  return { keep, seen }
}

const copyLanes: readonly Body[] = [
  until(COPIED),
  // The next one that is wanted: after ten days it is.
  async (call) => {
    const { now } = call
    if (now() >= WANTED) return until(COPIED)(call)
    await pass(60)
    return waiting(awayFor(1, 1, now()))
  },
  // Not wanted at all.
  async ({ now }) => {
    await pass(60)
    return now() < COPIED ? waiting(awayFor(2, 1, now())) : done()
  },
  // Copies, loses its connection, and now and then its memory.
  async ({ now, window, progressed }) => {
    await pass(700)
    if (now() >= COPIED) return done()
    progressed()
    if (window?.kind !== 'other' && Math.floor(now() / 1000) % 10 === 0) throw new Crash('signal: killed')
    throw lost
  },
]

const indexLanes: readonly Body[] = [
  until(INDEXED),
  async ({ now }) => {
    await pass(10)
    return now() < INDEXED ? waiting(idlePause(now())) : done()
  },
]

describe('a copy of thirty days', () => {
  const { stackTraceLimit } = Error
  beforeAll(() => {
    vi.stubEnv('SAMPAN_LOG', 'off')
    // The interpreter's library for paths makes an error of every query it does not throw: half of the time went there.
    Error.stackTraceLimit = 0
  })
  afterEach(() => void vi.unstubAllGlobals())
  afterAll(() => {
    vi.unstubAllEnvs()
    Error.stackTraceLimit = stackTraceLimit
  })

  test('fits into the histories of its executions, and nothing is lost between two of them', {
    tags: 'long',
  }, async () => {
    const { keep, seen } = keepers()
    const bodies: Partial<Record<FunctionName, Body>> = {
      ...beginning(task),
      PlanCopyFunction: async () =>
        done({ lanes: [...copyLanes.keys()], indexLanes: [...indexLanes.keys()], validateLanes: [0, 1] }),
      KeepSnapshotFunction: keep,
      CopyLaneFunction: (call) => (copyLanes[call.lane] as Body)(call),
      SummariseCopyFunction: async ({ results }) => {
        expect(results).toEqual(copyLanes.map((_, lane) => ({ lane, verdict: 'done', error: null })))
        return done({ planAnew: false })
      },
      BuildIndexesFunction: (call) => (indexLanes[call.lane] as Body)(call),
      AnalyzeFunction: until(INDEXED + VALIDATED),
      ValidateLaneFunction: until(INDEXED + 2 * VALIDATED),
      ReportFunction: async () => done({ status: 'succeeded', error: null }),
    }
    const run = await simulate(bodies)
    expect(run.outcome).toMatchObject({ status: 'succeeded' })
    expect(run.days).toBeGreaterThan(30)
    expect(run.histories.longest()).toBeLessThan(LIMIT)
    // Every lane and keeper came back, as often as it had to.
    expect(run.windowsLost).toBe(0)
    expect(seen.views).toBe(1)
    expect(seen.handovers).toBeGreaterThan(30 * 24 * 4)
    for (const map of [
      'MoreOfKeepSnapshotOdd',
      'MoreOfKeepSnapshotEven',
      'MoreOfCopyLane',
      'MoreOfBuildIndexesOfLane',
    ]) {
      expect(run.histories.count(map), map).toBeGreaterThan(0)
    }
  })

  test('which is followed for as many days fits as well, with a connection lost every few hours', {
    tags: 'long',
  }, async () => {
    const lives = { ended: 0, lost: 0 }
    const follow = until(COPIED)
    const run = await simulate({
      ...beginning({ ...task, mode: 'follow' }),
      PlanCopyFunction: async () => done({ lanes: [0], indexLanes: [0], validateLanes: [0] }),
      SummariseCopyFunction: async () => done({ planAnew: false }),
      FollowFunction: async (call) => {
        if (call.what !== 'follow') return done()
        lives.ended += 1
        const answer = await follow(call)
        if (lives.ended % 10 !== 0) return answer
        lives.lost += 1
        call.progressed()
        throw lost
      },
      ReportFunction: async () => done({ status: 'succeeded', error: null }),
    })
    expect(run.outcome).toMatchObject({ status: 'succeeded' })
    expect(run.days).toBeGreaterThanOrEqual(30)
    expect(lives.lost).toBeGreaterThan(300)
    expect(run.histories.longest()).toBeLessThan(LIMIT)
    expect(run.histories.count('MoreOfFollow')).toBeGreaterThan(1)
  })
})

/** Everything before the plan of the copy. */
const beginning = (run: typeof task) =>
  ({
    ReadTaskFunction: async () =>
      done({
        ...{ repeated: false, run: { id: 'orders', execution: 'first' }, task: run },
        ...{ list: { count: 1, digest: '' }, databases: [0] },
      }),
    TakeDatabaseFunction: async () => done({ task: run, database: { name: 'orders', as: 'orders' } }),
    OpenAccessFunction: async () => done({ source: { host: 's', port: 5432 }, destination: { host: 'd', port: 5432 } }),
    PrecheckFunction: async () => done({ refused: false }),
    PlanObjectsFunction: async () => done({ sealed: false }),
  }) satisfies Partial<Record<FunctionName, Body>>

const task = {
  mode: 'migrate',
  onDatabaseError: 'continue',
  databases: [{ name: 'orders', as: 'orders' }],
  retry: { connectionMinutes: 720, otherMinutes: 10 },
}

/** Runs the workflow in virtual time: every pause and every call takes as long as it says, side by side. */
async function simulate(bodies: Partial<Record<FunctionName, Body>>) {
  const time = virtualTime()
  const { clock, seconds: now } = time
  const windows = new Map<string, RetryWindow | null>()
  const run = { windowsLost: 0, transitions: 0, calls: 0 }
  const definition = toDefinition()
  const histories = new Histories(definition)

  const handlerOf = (name: FunctionName): LambdaHandler => {
    if (name === 'JudgeCrashFunction') {
      const judge = judgeHandler(clock, () => 0)
      return async (event: CrashEvent, context) => {
        const answer = await judge(event, context)
        windows.set(`${event.step} ${event.lane}`, answer.window)
        return answer
      }
    }
    const body = bodies[name] ?? (async () => done())
    return async (
      event: {
        readonly lane?: number | null
        readonly window: RetryWindow | null
        readonly results?: unknown
        readonly what?: unknown
      },
      context,
    ) => {
      run.calls += 1
      const who = `${laneName(name)} ${event.lane ?? null}`
      if (JSON.stringify(event.window) !== JSON.stringify(windows.get(who) ?? null)) run.windowsLost += 1
      let crashed: Crash | undefined
      const wrapped = stepHandler(
        name,
        async (given: typeof event, { progressed }) => {
          try {
            return await body({
              lane: given.lane ?? 0,
              window: given.window,
              results: given.results,
              what: given.what,
              now,
              progressed,
            })
          } catch (thrown) {
            if (thrown instanceof Crash) crashed = thrown
            throw thrown
          }
        },
        { ...options, clock },
      )
      const answer = await wrapped(event as never, context)
      if (crashed !== undefined) throw crashed
      windows.set(who, answer.window)
      return answer
    }
  }

  const execution = runLocally({
    definition,
    handlers: Object.fromEntries(FUNCTIONS.map((name) => [name, handlerOf(name)])),
    input: task,
    executionName: 'first',
    onEvent: (event) => {
      if (isTransition(event)) run.transitions += 1
      histories.see(event)
    },
  })
  const outcome = await time.until(execution.promise)
  return { ...run, outcome, histories, days: now() / DAY }
}

function laneName(name: FunctionName): string {
  return name.replace(/Function$/, '')
}
