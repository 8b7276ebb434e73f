import { beforeAll, describe, expect, test } from 'vitest'
import { SampanError } from '../../lambdas/core/runtime/errors.ts'
import { done, failed, more, type StepError, yielded } from '../../lambdas/core/runtime/verdict.ts'
import { FUNCTIONS, type FunctionName } from '../../statemachine/functions.ts'
import { type AnyEvent, crash, migrate, task } from './workflow.ts'

const broken: StepError = { kind: 'other', code: 'BROKEN', message: 'it is broken', remedy: 'mend it' }
const lost = (kind: 'connection' | 'other') => () => {
  throw new SampanError({ code: 'LOST', message: 'gone', remedy: 'wait', retryable: true, kind })
}
/** As the Fail states tell it. */
const BROKEN = 'it is broken. Remedy: mend it'
const one = { ...task, databases: [{ name: 'orders', as: 'orders' }] }

beforeAll(() => {
  process.env.SAMPAN_LOG = 'off'
})

describe('a migration that goes well', () => {
  test('takes every step in its order, for every database, and succeeds', async () => {
    const { outcome, calls, count } = await migrate()
    expect(outcome).toMatchObject({ status: 'succeeded' })
    const ofOrders = calls.filter(({ event }) => event.database?.name === 'orders' && (event.lane ?? 0) === 0)
    // Indexes are built beside the copy.
    const beside = ['BuildIndexesFunction', 'SummariseIndexesFunction']
    expect(ofOrders.flatMap(({ name }) => (beside.includes(name) ? [name] : []))).toEqual(beside)
    const order = ofOrders.filter(({ name }) => !beside.includes(name))
    expect(order.map(({ name }) => name.replace('Function', ''))).toEqual([
      'PlanObjects',
      'PlanCopy',
      'CreateObjects',
      'CopyLane',
      'SummariseCopy',
      'LinkObjects',
      'SyncSequences',
      'Analyze',
      'PlanValidation',
      'ValidateLane',
      'SummariseValidation',
      'Seal',
    ])
    expect(calls.slice(0, 3).map(({ name }) => name)).toEqual([
      'ReadTaskFunction',
      'OpenAccessFunction',
      'PrecheckFunction',
    ])
    expect(calls.slice(-3).map(({ name }) => name)).toEqual([
      'ReportFunction',
      'CloseAccessFunction',
      'FinishReportFunction',
    ])
    for (const name of FUNCTIONS)
      expect(count(name) > 0, name).toBe(!['JudgeCrashFunction', 'KeepErrorFunction', 'FollowFunction'].includes(name))
    expect([count('CopyLaneFunction'), count('KeepSnapshotFunction'), count('BuildIndexesFunction')]).toEqual([6, 4, 4])
  })

  test('follows where the task says so: prepared before the copy, cut over before the links, proved before the seal, closed at the end', async () => {
    const [orders] = task.databases
    const { calls } = await migrate({}, { ...task, mode: 'follow', databases: [orders] })
    const told = [
      'CreateObjects',
      'SummariseCopy',
      'LinkObjects',
      'SummariseValidation',
      'Seal',
      'Report',
      'CloseAccess',
    ]
    const order = calls.flatMap(({ name, event }) => {
      const step = name.replace('Function', '')
      return name === 'FollowFunction' ? [event.what] : told.includes(step) ? [step] : []
    })
    expect(order).toEqual([
      ...['prepare', 'CreateObjects', 'SummariseCopy', 'follow', 'LinkObjects', 'SummariseValidation', 'prove', 'Seal'],
      ...['Report', 'close', 'CloseAccess'],
    ])
  })

  test('takes back what following has opened where a step has failed, and not where the precheck refuses', async () => {
    const [orders] = task.databases
    const following = { ...task, mode: 'follow', databases: [orders] }
    const closings = async (bodies: Parameters<typeof migrate>[0]) =>
      (await migrate(bodies, following)).calls.filter(({ event }) => event.what === 'close').length
    expect(await closings({ LinkObjectsFunction: () => failed(broken) })).toBe(1)
    expect(await closings({ PrecheckFunction: () => done({ refused: true }) })).toBe(0)
  })

  test('every step is called with every field of its event', async () => {
    const { calls } = await migrate()
    for (const { name, event } of calls.filter(({ name }) => name !== 'ReadTaskFunction')) {
      const databases = event.database === null ? [] : [task.databases.find((one) => one.name === event.database?.name)]
      const known = { run: { id: 'orders', execution: 'first' }, task: { ...task, databases }, list: { count: 2 } }
      expect(event, name).toMatchObject({ ...known, window: null })
      for (const field of ['endpoints', 'database', 'lane']) expect(event, name).toHaveProperty(field)
    }
    const event = (name: FunctionName) => calls.find((call) => call.name === name)?.event as AnyEvent
    expect(event('ReadTaskFunction')).toEqual({ input: task, execution: 'first', window: null, spent: 0 })
    expect(event('OpenAccessFunction')).toMatchObject({ endpoints: null, database: null, lane: null })
    expect(event('SealFunction')).toMatchObject({ endpoints: { source: { host: 's' } }, lane: null })
    const result = (lane: number) => ({ lane, verdict: 'done', error: null })
    expect(event('SummariseCopyFunction').results).toEqual([result(0), result(1), result(2)])
    expect(event('SummariseIndexesFunction').results).toEqual([result(0), result(1)])
    expect(event('ReportFunction')).toMatchObject({
      failure: null,
      refused: false,
      results: [
        { place: 0, verdict: 'done', code: null },
        { place: 1, verdict: 'done', code: null },
      ],
    })
    const keepers = calls.filter((call) => call.name === 'KeepSnapshotFunction')
    expect(keepers.map((call) => call.event.lane).sort()).toEqual([1, 1, 2, 2])
  })

  test('the display learns which database and lane an event belongs to', async () => {
    const { events } = await migrate()
    const lanes = events.filter((event) => event.type === 'StateExited' && event.state === 'CopyLane')
    expect(lanes.map(({ database, lane, verdict }) => `${database} ${lane} ${verdict}`).sort()).toEqual(
      ['billing', 'orders'].flatMap((name) => [0, 1, 2].map((lane) => `${name} ${lane} done`)),
    )
  })
})

describe('modes and refusals', () => {
  test('mode precheck writes nothing', async () => {
    const { outcome, count } = await migrate({}, { ...task, mode: 'precheck' })
    expect(outcome).toMatchObject({ status: 'succeeded' })
    expect([count('PrecheckFunction'), count('PlanObjectsFunction'), count('CloseAccessFunction')]).toEqual([1, 0, 1])
  })

  test('mode plan plans every database and creates nothing', async () => {
    const { outcome, count } = await migrate({}, { ...task, mode: 'plan' })
    expect(outcome).toMatchObject({ status: 'succeeded' })
    expect([count('PlanCopyFunction'), count('CreateObjectsFunction'), count('CloseAccessFunction')]).toEqual([2, 0, 1])
  })

  test('a task the precheck refuses is reported, access is closed, nothing was written', async () => {
    const { outcome, count } = await migrate({ PrecheckFunction: () => done({ refused: true }) })
    expect(outcome).toMatchObject({ status: 'failed', error: 'PrecheckRefused' })
    expect([count('PlanObjectsFunction'), count('ReportFunction'), count('CloseAccessFunction')]).toEqual([0, 1, 1])
  })

  test('a wrong task ends with its problems before anything is opened', async () => {
    const { outcome, calls } = await migrate({
      ReadTaskFunction: () => failed({ ...broken, code: 'TASK_INVALID', message: 'lanes: is 65\nname: is missing' }),
    })
    expect(outcome).toEqual({
      status: 'failed',
      error: 'TaskInvalid',
      cause: 'lanes: is 65\nname: is missing. Remedy: mend it',
    })
    expect(calls).toHaveLength(1)
  })

  test('the second delivery of an event succeeds quietly: it opens, writes and reports nothing', async () => {
    const output = { repeated: true, startedBefore: 'first' }
    const { outcome, calls } = await migrate({ ReadTaskFunction: () => done(output) })
    expect(outcome).toEqual({ status: 'succeeded', output })
    expect(calls).toHaveLength(1)
  })

  test('a task that cannot be read for another reason is not called wrong', async () => {
    const { outcome } = await migrate({ ReadTaskFunction: () => failed(broken) })
    expect(outcome).toEqual({ status: 'failed', error: 'BROKEN', cause: BROKEN })
  })

  test.each([['text'], [[]], [{}]])(
    '%j as input reaches ReadTask, which is there to say what is wrong',
    async (input) => {
      const read = () => failed({ ...broken, code: 'TASK_INVALID' })
      const { outcome, calls } = await migrate({ ReadTaskFunction: read }, input)
      expect(outcome).toMatchObject({ error: 'TaskInvalid' })
      expect(calls[0]?.event.input).toEqual(input)
    },
  )
})

describe('databases of a task that stops at the first failure', () => {
  const databases = ['a', 'b', 'c'].map((name) => ({ name, as: name }))
  const stopping = { ...task, onDatabaseError: 'stop', databases }

  test('go one after the other', async () => {
    const { outcome, calls } = await migrate({}, stopping)
    expect(outcome).toMatchObject({ status: 'succeeded' })
    const order = calls.flatMap(({ name, event }) => (/^(PlanObjects|Seal)/.test(name) ? [event.database?.name] : []))
    expect(order).toEqual(['a', 'a', 'b', 'b', 'c', 'c'])
  })

  test('do not begin after one has failed', async () => {
    const { outcome, calls } = await migrate(
      { CreateObjectsFunction: ({ database }) => (database?.name === 'b' ? failed(broken) : done()) },
      stopping,
    )
    expect(outcome).toMatchObject({ status: 'failed', error: 'BROKEN' })
    expect(calls.some(({ event }) => event.database?.name === 'c')).toBe(false)
    expect(calls.filter(({ name, event }) => name === 'SealFunction' && event.database?.name === 'a')).toHaveLength(1)
  })

  test('are all planned at once: a plan changes nothing', async () => {
    const { count } = await migrate({ PlanCopyFunction: () => failed(broken) }, { ...stopping, mode: 'plan' })
    expect(count('PlanObjectsFunction')).toBe(3)
  })
})

describe('a failure', () => {
  const inDatabase = FUNCTIONS.slice(FUNCTIONS.indexOf('PlanObjectsFunction'), FUNCTIONS.indexOf('ReportFunction'))
  const summarised = [
    'FollowFunction',
    'CopyLaneFunction',
    'BuildIndexesFunction',
    'ValidateLaneFunction',
    'KeepSnapshotFunction',
  ]

  test.each(inDatabase.filter((name) => !summarised.includes(name)))(
    'of %s ends its database, not the other one, and access is closed',
    async (name) => {
      const { outcome, calls, count } = await migrate({
        [name]: (event: AnyEvent) => {
          if (event.database?.name === 'orders') return failed(broken)
          return done({ sealed: false, planAnew: false, lanes: [0], indexLanes: [0], validateLanes: [0] })
        },
      })
      expect(outcome).toEqual({ status: 'failed', error: 'BROKEN', cause: BROKEN })
      // With its own remedy, whatever state carried it.
      expect(calls.find((call) => call.name === 'KeepErrorFunction')?.event.error).toEqual(broken)
      expect(count('SealFunction')).toBe(name === 'SealFunction' ? 2 : 1)
      expect([count('ReportFunction'), count('CloseAccessFunction')]).toEqual([1, 1])
    },
  )

  test.each(['OpenAccessFunction', 'PrecheckFunction'] as const)(
    'of %s is reported and access is closed',
    async (name) => {
      const { outcome, calls, count } = await migrate({ [name]: () => failed(broken) })
      expect(outcome).toEqual({ status: 'failed', error: 'BROKEN', cause: BROKEN })
      expect(calls.find((call) => call.name === 'ReportFunction')?.event).toMatchObject({
        failure: broken,
        results: [],
      })
      expect(count('CloseAccessFunction')).toBe(1)
    },
  )

  test.each([
    ['CopyLaneFunction', 'SummariseCopyFunction'],
    ['BuildIndexesFunction', 'SummariseIndexesFunction'],
    ['ValidateLaneFunction', 'SummariseValidationFunction'],
  ] as const)('of one %s does not stop the other lanes; %s judges them all', async (lane, summary) => {
    const { calls, outcome } = await migrate(
      {
        [lane]: (event: AnyEvent) => (event.lane === 1 ? failed(broken) : done()),
        [summary]: (event: AnyEvent) => {
          const error = (event.results as { error: StepError | null }[]).find((result) => result.error !== null)?.error
          return error ? failed(error) : done({ planAnew: false })
        },
      },
      one,
    )
    const results = calls.find(({ name }) => name === summary)?.event.results
    expect(results).toMatchObject([
      { verdict: 'done' },
      { verdict: 'failed', error: broken },
      ...(lane === 'CopyLaneFunction' ? [{}] : []),
    ])
    expect(outcome).toMatchObject({ status: 'failed', error: 'BROKEN' })
  })

  test('of Report does not leave access open, and an earlier failure stays the cause', async () => {
    const report = () => failed({ ...broken, code: 'REPORT_BROKEN' })
    const first = await migrate({ ReportFunction: report })
    expect(first.outcome).toMatchObject({ error: 'REPORT_BROKEN' })
    expect(first.count('CloseAccessFunction')).toBe(1)
    const second = await migrate({ ReportFunction: report, OpenAccessFunction: () => failed(broken) })
    expect(second.outcome).toMatchObject({ error: 'BROKEN' })
    expect(second.count('CloseAccessFunction')).toBe(1)
  })

  test('of Report changes nothing in how a migration ends: that is decided without it, and the missing report is told', async () => {
    const report = (event: Readonly<Record<string, unknown>>) =>
      event.unwritten === null
        ? failed({ ...broken, code: 'REPORT_BROKEN' })
        : done({ status: 'incomplete', error: null, unwritten: event.unwritten })
    const { outcome, count } = await migrate({ ReportFunction: report })
    expect(outcome).toMatchObject({
      status: 'succeeded',
      output: { outcome: { status: 'incomplete', unwritten: { code: 'REPORT_BROKEN' } } },
    })
    expect([count('ReportFunction'), count('CloseAccessFunction'), count('FinishReportFunction')]).toEqual([2, 1, 1])
  })

  test('of CloseAccess fails a migration that went well', async () => {
    const { outcome, calls } = await migrate({ CloseAccessFunction: () => failed(broken) })
    expect(outcome).toEqual({ status: 'failed', error: 'AccessLeftOpen', cause: BROKEN })
    expect(calls.at(-1)).toMatchObject({
      name: 'FinishReportFunction',
      event: { outcome: { status: 'succeeded' }, closing: { message: 'it is broken' } },
    })
  })
})

describe('copying', () => {
  /** Keepers as they are: they stay until the summary has said in the ledger that copying has ended. */
  function keepers() {
    const ledger = { ended: false }
    const keep = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return ledger.ended ? done() : more()
    }
    return { ledger, keep }
  }

  test('the keepers end when the summary says that copying has ended', async () => {
    const { ledger, keep } = keepers()
    const kept = Promise.withResolvers<void>()
    let calls = 0
    const summary = () => {
      ledger.ended = true
      return done({ planAnew: false })
    }
    const { outcome, count } = await migrate(
      {
        KeepSnapshotFunction: () => {
          calls += 1
          if (calls === 5) kept.resolve()
          return keep()
        },
        SummariseCopyFunction: summary,
        CopyLaneFunction: () => kept.promise.then(() => done()),
      },
      one,
    )
    expect(outcome).toMatchObject({ status: 'succeeded' })
    expect(count('KeepSnapshotFunction')).toBeGreaterThanOrEqual(5)
  })

  test('a summary that never came to write it down does not leave the keepers there for ever', async () => {
    const { keep } = keepers()
    const { outcome, count } = await migrate({ KeepSnapshotFunction: keep, SummariseCopyFunction: crash }, one)
    expect(outcome).toMatchObject({ status: 'failed', error: 'STEP_CRASHED' })
    expect(count('CloseAccessFunction')).toBe(1)
  })

  test('an error is kept before its branch fails, and kept once', async () => {
    const { calls, outcome } = await migrate({ SummariseCopyFunction: () => failed(broken) }, one)
    expect(calls.filter(({ name }) => name === 'KeepErrorFunction').map(({ event }) => event.error)).toEqual([broken])
    expect(outcome).toEqual({ status: 'failed', error: 'BROKEN', cause: BROKEN })
  })

  test('lanes that yield are planned anew, with new keepers', async () => {
    let rounds = 0
    const { outcome, count } = await migrate(
      {
        CopyLaneFunction: () => (rounds === 0 ? yielded() : done()),
        SummariseCopyFunction: (event) => {
          rounds += 1
          expect(event.results).toMatchObject([{ verdict: rounds === 1 ? 'yield' : 'done' }, {}, {}])
          return rounds === 1 ? yielded() : done({ planAnew: false })
        },
      },
      one,
    )
    expect(outcome).toMatchObject({ status: 'succeeded' })
    expect([count('PlanCopyFunction'), count('CopyLaneFunction'), count('KeepSnapshotFunction')]).toEqual([2, 6, 4])
    expect(count('PlanObjectsFunction')).toBe(1)
  })

  test('a lost keeper fails the database unless all rows have arrived', async () => {
    const keep = (event: AnyEvent) => (event.lane === 1 ? failed(broken) : done())
    const arrived = await migrate({ KeepSnapshotFunction: keep }, one)
    expect(arrived.outcome).toMatchObject({ status: 'succeeded' })
    const notYet = await migrate({ KeepSnapshotFunction: keep, SummariseCopyFunction: () => yielded() }, one)
    expect(notYet.outcome).toMatchObject({ status: 'failed', error: 'BROKEN' })
  })

  test.each(['SummariseIndexesFunction', 'SummariseValidationFunction'] as const)(
    '%s may ask for another round',
    async (name) => {
      let rounds = 0
      const { outcome, count } = await migrate({ [name]: () => (++rounds < 3 ? yielded() : done()) }, one)
      expect(outcome).toMatchObject({ status: 'succeeded' })
      const lane = name === 'SummariseIndexesFunction' ? 'BuildIndexesFunction' : 'ValidateLaneFunction'
      expect([count(lane), count('PlanCopyFunction')]).toEqual([6, 1])
    },
  )

  test('no lanes at all is no error', async () => {
    const none = { lanes: [], indexLanes: [], validateLanes: [] }
    expect((await migrate({ PlanCopyFunction: () => done(none) })).outcome).toMatchObject({ status: 'succeeded' })
  })

  test('64 lanes with an error each stay far below what the state holds', async () => {
    const long = { ...broken, message: 'ä'.repeat(500), remedy: 'ö'.repeat(300) }
    const lanes = Array.from({ length: 64 }, (_, lane) => lane)
    const { outcome, calls } = await migrate(
      {
        PlanCopyFunction: () => done({ lanes, indexLanes: lanes, validateLanes: lanes }),
        CopyLaneFunction: () => failed(long),
      },
      one,
    )
    expect(outcome).toMatchObject({ status: 'succeeded' })
    const summary = calls.find(({ name }) => name === 'SummariseCopyFunction')
    expect(Buffer.byteLength(JSON.stringify(summary?.event))).toBeLessThan(128 * 1024)
  })
})

describe('the retry windows, through the state machine', () => {
  const lane = (body: (minutes: number) => ReturnType<typeof done>) => {
    return migrate(
      {
        PlanCopyFunction: () => done({ lanes: [0], indexLanes: [], validateLanes: [] }),
        CopyLaneFunction: (_, minutes) => body(minutes()),
        SummariseCopyFunction: (event) => {
          const error = (event.results as { error: StepError | null }[])[0]?.error
          return error ? failed(error) : done({ planAnew: false })
        },
      },
      one,
    )
  }
  const withRetry = (retry: object, body: () => ReturnType<typeof done>) => {
    return migrate({ AnalyzeFunction: body }, { ...one, retry: { ...task.retry, ...retry } })
  }

  test('connection refused for five hours, then back', async () => {
    const { outcome, minutes, count } = await lane((now) => (now < 300 ? lost('connection')() : done()))
    expect(outcome).toMatchObject({ status: 'succeeded' })
    expect(minutes).toBeGreaterThan(300)
    expect(minutes).toBeLessThan(305)
    expect(count('CopyLaneFunction')).toBe(167)
  })

  test.each([
    ['connection', {}, 720, 279],
    ['connection', { connectionMinutes: 1440 }, 1440, 471],
    ['other', {}, 10, 20],
    ['other', { otherMinutes: 1 }, 1, 8],
  ] as const)('%s error for ever, %j: failed after its window', async (kind, retry, minutes, calls) => {
    const run = await withRetry(retry, lost(kind))
    expect(run.outcome).toMatchObject({ status: 'failed', error: 'LOST' })
    expect(run.minutes).toBe(minutes)
    expect(run.count('AnalyzeFunction')).toBe(calls)
    expect(run.count('CloseAccessFunction')).toBe(1)
  })

  test('the history of the longest window fits into the 25,000 events of an execution', async () => {
    const run = await withRetry({ connectionMinutes: 1441, otherMinutes: 1440 }, crash)
    expect(run.outcome).toMatchObject({ status: 'failed', error: 'STEP_CRASHED' })
    expect(run.count('AnalyzeFunction')).toBe(run.count('JudgeCrashFunction'))
    expect(run.count('JudgeCrashFunction') * 14).toBeLessThan(25_000)
  })

  test('a crash twice, then fine', async () => {
    let calls = 0
    const { outcome, count } = await lane(() => (++calls <= 2 ? crash() : done()))
    expect(outcome).toMatchObject({ status: 'succeeded' })
    expect([count('CopyLaneFunction'), count('JudgeCrashFunction')]).toEqual([3, 2])
  })

  test('a crash for ever fails after the short window', async () => {
    const { outcome, minutes, count, calls } = await lane(crash)
    expect(outcome).toMatchObject({ status: 'failed', error: 'STEP_CRASHED' })
    expect([minutes, count('CopyLaneFunction')]).toEqual([10, 20])
    expect(calls.find(({ name }) => name === 'JudgeCrashFunction')?.event).toEqual({
      step: 'CopyLane',
      run: { id: 'orders', execution: 'first' },
      retry: task.retry,
      database: { name: 'orders', as: 'orders' },
      lane: 0,
      window: null,
      spent: 0,
      crash: { Error: 'Runtime.ExitError', Cause: expect.stringContaining('signal: killed') },
    })
  })

  test('a judge that is broken itself does not hang the run', async () => {
    const { outcome, count } = await migrate({ AnalyzeFunction: crash, JudgeCrashFunction: crash }, one)
    expect(outcome).toMatchObject({
      status: 'failed',
      error: 'STEP_LOST',
      cause: expect.stringMatching(/^Analyze broke/),
    })
    expect([count('AnalyzeFunction'), count('JudgeCrashFunction'), count('CloseAccessFunction')]).toEqual([1, 6, 1])
  })

  test('a step that crashes before the task is read is judged too', async () => {
    const { outcome, calls } = await migrate({ ReadTaskFunction: crash })
    expect(outcome).toMatchObject({ status: 'failed', error: 'STEP_CRASHED' })
    expect(calls[1]?.event).toMatchObject({ step: 'ReadTask', run: null, retry: null })
  })
})
