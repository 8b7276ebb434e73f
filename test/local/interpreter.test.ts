import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { StepAborted } from '../../lambdas/core/runtime/aborted.ts'
import type { StepContext } from '../../lambdas/core/runtime/event.ts'
import type { LambdaHandler } from '../../local/interpreter/calls.ts'
import type { LocalEvent } from '../../local/interpreter/events.ts'
import { type LocalRun, runLocally } from '../../local/interpreter/interpreter.ts'
import { machine, mapOf, task } from './machines.ts'

type Handler = (event: never, context: StepContext) => unknown

/** Runs a machine whose one function is `WorkFunction`. */
function start(definition: object, work: Handler, more: Partial<LocalRun> = {}) {
  const handler: LambdaHandler = async (event, context) => work(event, context)
  return runLocally({ definition, handlers: { WorkFunction: handler }, input: {}, executionName: 'first', ...more })
}

const run = (...args: Parameters<typeof start>) => start(...args).promise

/** A handler that counts its calls. */
function counting(work: Handler = () => ({})) {
  const seen = { calls: 0, atOnce: 0, most: 0 }
  const handler: Handler = async (event, context) => {
    seen.calls += 1
    seen.atOnce += 1
    seen.most = Math.max(seen.most, seen.atOnce)
    try {
      return await work(event, context)
    } finally {
      seen.atOnce -= 1
    }
  }
  return { seen, handler }
}

const items = (count: number) => ({ lanes: Array.from({ length: count }, (_, lane) => lane) })

describe('what a handler gets and gives', () => {
  test('the payload arrives unwrapped, the answer is wrapped as Lambda’s', async () => {
    const outcome = await run(machine({ Work: task() }), (event: { n: number }) => ({ n: event.n + 1 }), {
      input: { n: 1 },
    })
    expect(outcome).toEqual({
      status: 'succeeded',
      output: { StatusCode: 200, ExecutedVersion: '$LATEST', Payload: { n: 2 } },
    })
  })

  test('both ways go through JSON: dates become text, nothing becomes null, no object is shared', async () => {
    const input = { list: [1] }
    const definition = machine({ Work: task({ ResultSelector: { 'answer.$': '$.Payload' }, ResultPath: '$.result' }) })
    const outcome = await run(
      definition,
      (event: { list: number[] }) => {
        event.list.push(2)
        return { at: new Date(0), nothing: undefined }
      },
      { input },
    )
    expect(outcome).toEqual({
      status: 'succeeded',
      output: { list: [1], result: { answer: { at: '1970-01-01T00:00:00.000Z' } } },
    })
    expect(input).toEqual({ list: [1] })
    expect(await run(machine({ Work: task() }), () => undefined)).toMatchObject({ output: { Payload: null } })
  })

  test('the context is Lambda’s: a request id, the remaining time of the Task, a signal', async () => {
    let context: StepContext | undefined
    await run(machine({ Work: task({ TimeoutSeconds: 7 }) }), (_, given) => {
      context = given
      expect(given.getRemainingTimeInMillis()).toBeGreaterThan(6900)
      expect(given.getRemainingTimeInMillis()).toBeLessThanOrEqual(7000)
      expect(given.signal?.aborted).toBe(false)
    })
    expect(context?.awsRequestId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('the execution has a name and an id', async () => {
    const named = task({
      Parameters: {
        FunctionName: `\${WorkFunction}`,
        Payload: { 'name.$': '$$.Execution.Name', 'id.$': '$$.Execution.Id' },
      },
    })
    const outcome = await run(machine({ Work: named }), (event) => event)
    expect(outcome).toMatchObject({ output: { Payload: { name: 'first', id: expect.stringMatching(/:first$/) } } })
  })

  test.each([
    ['input', { input: { text: 'x'.repeat(256 * 1024) } }, () => ({})],
    ['output', {}, () => 'ä'.repeat(128 * 1024)],
  ])(
    'T11: an %s beyond 256 KiB fails as on Step Functions, where States.ALL does not catch it',
    async (what, more, work) => {
      const definition = machine({
        Work: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }] }),
        Caught: { Type: 'Succeed' },
      })
      const outcome = await run(definition, work, more)
      expect(outcome).toMatchObject({ status: 'failed', error: 'States.DataLimitExceeded' })
      expect(JSON.stringify(outcome)).toContain(what)
    },
  )

  test('an input of just under 256 KiB passes', async () => {
    const input = 'x'.repeat(256 * 1024 - 2)
    expect(await run(machine({ Work: task() }), () => 1, { input })).toMatchObject({ status: 'succeeded' })
  })

  test('T10: an error is told as Lambda tells it, its cause is JSON text', async () => {
    const definition = machine({
      Work: task({ Catch: [{ ErrorEquals: ['RangeError'], ResultPath: '$.crash', Next: 'Read' }] }),
      Read: {
        Type: 'Pass',
        Parameters: { 'error.$': '$.crash.Error', 'cause.$': 'States.StringToJson($.crash.Cause)' },
        End: true,
      },
    })
    const outcome = await run(definition, () => {
      throw new RangeError('too far')
    })
    expect(outcome).toMatchObject({
      output: {
        error: 'RangeError',
        cause: { errorType: 'RangeError', errorMessage: 'too far', trace: expect.any(Array) },
      },
    })
  })

  test('T12: a field that a handler leaves out fails the execution as on Step Functions', async () => {
    const definition = machine({ Work: task({ ResultSelector: { 'pause.$': '$.Payload.pause' } }) })
    expect(await run(definition, () => ({}))).toMatchObject({ status: 'failed', error: 'States.Runtime' })
    expect(await run(definition, () => ({ pause: null }))).toMatchObject({
      status: 'succeeded',
      output: { pause: null },
    })
  })
})

describe('what does not start', () => {
  test('T6: a workflow with a function without a handler, all of them named; nothing asks AWS', () => {
    const other = task({ Parameters: { FunctionName: `\${OtherFunction}` }, End: undefined, Next: 'Lanes' })
    const third = task({ Parameters: { FunctionName: `\${ThirdFunction}` } })
    const definition = machine({ Other: other, Lanes: { ...mapOf({ Work: task(), Third: third }, 'Work') } })
    expect(() => start(definition, () => 1)).toThrow('no handler for OtherFunction, ThirdFunction')
  })

  test('T6: a service without a stand-in', async () => {
    const publish = task({ Resource: 'arn:aws:states:::sns:publish', Parameters: { Message: 'hello' } })
    expect(() => start(machine({ Publish: publish }), () => 1)).toThrow('no handler for arn:aws:states:::sns:publish')
    const services = {
      'arn:aws:states:::sns:publish': async (parameters: unknown) => ({ sent: JSON.stringify(parameters) }),
    }
    expect(await run(machine({ Publish: publish }), () => 1, { services })).toMatchObject({
      output: { sent: '{"Message":"hello"}' },
    })
  })

  test.each([
    ['T3: a Task without a time-out, which would get 60 seconds', { Work: task({ TimeoutSeconds: undefined }) }, {}],
    ['T4: a time-out beyond what Step Functions takes', { Work: task() }, { TimeoutSeconds: 31_536_001 }],
    ['T7: a field that the interpreter would ignore', { Work: task({ Assign: { x: 1 } }) }, {}],
    ['T7: an item reader', { Lanes: mapOf({ Work: task() }, 'Work', { ItemReader: {} }) }, {}],
  ])('%s', (_, states, top) => {
    expect(() => start({ ...machine(states), ...top }, () => 1)).toThrow(/cannot run on one machine: rule \d/)
  })

  test('a definition that is no state machine', () => {
    expect(() => start({ ...machine({ Work: task() }), StartAt: 'Nowhere' }, () => 1)).toThrow(/invalid/)
  })
})

describe('time', () => {
  test('T3: a step may take as long as its own time-out says', async () => {
    let remaining = 0
    await run(machine({ Work: task({ TimeoutSeconds: 900 }) }), (_, context) => {
      remaining = context.getRemainingTimeInMillis()
    })
    expect(remaining).toBeGreaterThan(899_000)
  })

  test('T4: the longest time-out of a workflow does not fire at once', async () => {
    const definition = { ...machine({ Work: task() }), TimeoutSeconds: 31_536_000 }
    expect(await run(definition, () => sleep(30))).toMatchObject({ status: 'succeeded' })
  })

  test('T5: a call whose time is up is told so, and the run waits until it has ended', async () => {
    const seen: string[] = []
    const definition = machine({
      Work: task({
        TimeoutSeconds: 1,
        Catch: [{ ErrorEquals: ['States.Timeout'], ResultPath: '$.crash', Next: 'Caught' }],
      }),
      Caught: { Type: 'Pass', InputPath: '$.crash.Error', End: true },
    })
    const outcome = await run(definition, async (_, { signal }) => {
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }))
      seen.push('told')
      await sleep(50)
      seen.push('ended')
    })
    expect(outcome).toEqual({ status: 'succeeded', output: 'States.Timeout' })
    expect(seen).toEqual(['told', 'ended'])
  })

  test('the time-out of the workflow ends it, and everything at work in it', async () => {
    const { seen, handler } = counting(async (_, { signal }) => {
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }))
    })
    const definition = {
      ...machine({ Lanes: mapOf({ Work: task() }, 'Work', { MaxConcurrency: 2 }) }),
      TimeoutSeconds: 1,
    }
    expect(await run(definition, handler, { input: items(20) })).toEqual({ status: 'timed-out' })
    expect(seen).toEqual({ calls: 2, atOnce: 0, most: 2 })
  })

  test('waits and retry intervals can be shortened for a test', async () => {
    const definition = machine({
      Pause: { Type: 'Wait', Seconds: 3600, Next: 'Work' },
      Work: task({ Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 3600, MaxAttempts: 1 }] }),
    })
    let calls = 0
    const failsOnce = () => {
      calls += 1
      if (calls === 1) throw new Error('once')
    }
    const shortened = { waitTimeOverrides: { Pause: 0 }, retryIntervalOverrides: { Work: 0 } }
    expect(await run(definition, failsOnce, shortened)).toMatchObject({ status: 'succeeded' })
    expect(calls).toBe(2)
  })
})

describe('lanes', () => {
  test('no more run at once than the Map says, nor than the machine may', async () => {
    const { seen, handler } = counting(() => sleep(5))
    const definition = machine({ Lanes: mapOf({ Work: task() }, 'Work', { MaxConcurrency: 8 }) })
    await run(definition, handler, { input: items(40) })
    expect(seen).toEqual({ calls: 40, atOnce: 0, most: 8 })
    const capped = counting(() => sleep(5))
    await run(definition, capped.handler, { input: items(40), limits: { concurrency: 3 } })
    expect(capped.seen).toEqual({ calls: 40, atOnce: 0, most: 3 })
  })

  test('T1: after a stop no lane that waited for its turn begins', async () => {
    const { seen, handler } = counting(() => sleep(5))
    const execution = start(machine({ Lanes: mapOf({ Work: task() }, 'Work', { MaxConcurrency: 5 }) }), handler, {
      input: items(1000),
    })
    await sleep(30)
    const before = seen.calls
    expect(before).toBeGreaterThan(5)
    expect(await execution.stop()).toEqual({ status: 'stopped' })
    await sleep(50)
    expect(seen.calls).toBe(before)
    expect(seen.atOnce).toBe(0)
  })

  test('T1: after a failure that nobody caught no lane that waited for its turn begins', async () => {
    const { seen, handler } = counting(async () => {
      if (seen.calls === 7) throw new Error('broken')
      await sleep(5)
    })
    const lane = {
      Work: task({ Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.crash', Next: 'Break' }] }),
      Break: { Type: 'Fail' },
    }
    const definition = machine({ Lanes: mapOf(lane, 'Work', { MaxConcurrency: 5 }) })
    expect(await run(definition, handler, { input: items(1000) })).toMatchObject({ status: 'failed' })
    await sleep(50)
    expect(seen.calls).toBeLessThan(30)
    expect(seen.atOnce).toBe(0)
  })

  test('T8: an event names its database and lane, and repeats no input', async () => {
    const events: LocalEvent[] = []
    const secret = 'x'.repeat(1000)
    const lane = { 'lane.$': '$$.Map.Item.Value', 'database.$': '$.database', 'secret.$': '$.secret' }
    const inner = mapOf({ Work: task() }, 'Work', { ItemSelector: lane })
    const outer = mapOf({ Lanes: inner }, 'Lanes', {
      Label: 'Databases',
      ItemsPath: '$.databases',
      ItemSelector: { database: { 'name.$': '$$.Map.Item.Value' }, 'lanes.$': '$.lanes', 'secret.$': '$.secret' },
    })
    const input = { databases: ['a', 'b'], lanes: [0, 1, 2], secret }
    await run(machine({ Databases: outer }), () => ({}), { input, onEvent: (event) => events.push(event) })
    const work = events.filter((event) => event.type === 'StateEntered' && event.state === 'Work')
    expect(work.map(({ database, lane }) => `${database}${lane}`).sort()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2'])
    expect(JSON.stringify(events)).not.toContain(secret)
    const began = events.filter((event) => event.type === 'MapIterationStarted' && event.state === 'Databases')
    expect(began.map((event) => event.database)).toEqual(['a', 'b'])
  })
})

describe('the end', () => {
  test('stopping tells the handlers, waits for them, and is no failure', async () => {
    const seen: string[] = []
    const execution = start(machine({ Work: task() }), async (_, { signal }) => {
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }))
      seen.push('told')
      await sleep(50)
      seen.push('rolled back')
      throw new Error('cancelled')
    })
    await sleep(10)
    expect(await execution.stop()).toEqual({ status: 'stopped' })
    expect(seen).toEqual(['told', 'rolled back'])
    expect(await execution.promise).toEqual({ status: 'stopped' })
  })

  test('T2: stopping while a Retry waits starts none of the attempts that are left', async () => {
    const { seen, handler } = counting(() => {
      throw new Error('again')
    })
    const retry = [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 60, MaxAttempts: 5 }]
    const execution = start(machine({ Work: task({ Retry: retry }) }), handler)
    await sleep(30)
    expect(await execution.stop()).toEqual({ status: 'stopped' })
    await sleep(30)
    expect(seen.calls).toBe(1)
  })

  test('stopping during a Wait does not wait', async () => {
    const execution = start(machine({ Pause: { Type: 'Wait', Seconds: 60, Next: 'Work' }, Work: task() }), () => 1)
    const started = performance.now()
    await sleep(10)
    expect(await execution.stop()).toEqual({ status: 'stopped' })
    expect(performance.now() - started).toBeLessThan(30_000)
  })

  test('a stop that a handler notices first is a stop too, and no Catch takes it', async () => {
    const caught = {
      Work: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }] }),
      Caught: { Type: 'Succeed' },
    }
    const outcome = await run(machine(caught), () => {
      throw new StepAborted('Work')
    })
    expect(outcome).toEqual({ status: 'stopped' })
  })

  test('a handler that ignores every signal is given up after the time allowed', async () => {
    const hanging = new AbortController()
    const execution = start(
      machine({ Work: task() }),
      () => sleep(60_000, 1, { signal: hanging.signal }).catch(() => {}),
      {
        limits: { settleSeconds: 0.05 },
      },
    )
    await sleep(10)
    expect(await execution.stop()).toEqual({ status: 'stopped' })
    hanging.abort()
  })

  test('a Fail state’s error and cause are the outcome', async () => {
    const definition = machine({ End: { Type: 'Fail', ErrorPath: '$.code', CausePath: '$.text' } })
    const outcome = await run(definition, () => 1, { input: { code: 'PrecheckRefused', text: 'no room' } })
    expect(outcome).toEqual({ status: 'failed', error: 'PrecheckRefused', cause: 'no room' })
  })

  test('T9: events are read to the end, with a display, without one, and with one that breaks', async () => {
    const definition = machine({ Lanes: mapOf({ Work: task() }, 'Work') })
    const events: LocalEvent[] = []
    await run(definition, () => ({}), { input: items(500), onEvent: (event) => events.push(event) })
    expect(events[0]?.type).toBe('ExecutionStarted')
    expect(events.at(-1)?.type).toBe('ExecutionSucceeded')
    expect(events.filter((event) => event.type === 'MapIterationSucceeded')).toHaveLength(500)

    expect(await run(definition, () => ({}), { input: items(5) })).toMatchObject({ status: 'succeeded' })

    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    const outcome = await run(machine({ Work: task() }), () => 1, {
      onEvent: () => {
        throw new Error('display broken')
      },
    })
    expect(outcome).toMatchObject({ status: 'succeeded' })
    expect((await warned).message).toBe('display broken')
  })
})
