import { describe, expect, test } from 'vitest'
import { type CrashEvent, judgeHandler } from '../../../lambdas/core/runtime/judge-handler.ts'

const now = new Date('2026-11-23T12:00:00Z')
const judge = judgeHandler(
  () => now,
  () => 0.5,
)
const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 60_000 }
const event: CrashEvent = {
  step: 'CopyLane',
  run: { id: 'orders', execution: 'first' },
  retry: { connectionMinutes: 720, otherMinutes: 10 },
  database: { name: 'orders', as: 'orders' },
  lane: 3,
  window: null,
  crash: {
    Error: 'Runtime.ExitError',
    Cause: JSON.stringify({ errorType: 'Runtime.ExitError', errorMessage: 'signal: killed', trace: [] }),
  },
}

describe('the judge of crashes', () => {
  test('a crash is tried again in the short window', async () => {
    expect(await judge(event, context)).toEqual({
      verdict: 'retry',
      pause: 1,
      window: { kind: 'other', since: now.toISOString(), attempt: 1 },
      error: {
        kind: 'other',
        code: 'STEP_CRASHED',
        message: 'CopyLane crashed: Runtime.ExitError: signal: killed',
        remedy: expect.any(String),
      },
      output: null,
      spent: 16,
    })
  })

  test('attempts that nobody is told of count against the history', async () => {
    const throttled = { ...event, spent: 100, crash: { Error: 'Lambda.TooManyRequestsException' } }
    expect((await judge(throttled, context)).spent).toBe(266)
  })

  test.each([
    [{ Error: 'States.Timeout', Cause: '' }],
    [{ Error: 'States.Timeout' }],
    [
      {
        Error: 'Sandbox.Timedout',
        Cause: '{"errorMessage":"RequestId: 1 Error: Task timed out after 900.00 seconds"}',
      },
    ],
    [{ Error: 'Lambda.Unknown', Cause: 'Task timed out after 900.00 seconds' }],
  ])('%j is a time-out', async (crash) => {
    expect((await judge({ ...event, crash }, context)).error?.code).toBe('STEP_TIMED_OUT')
  })

  test('a call that the account has no room for is waited out like a lost connection, hours if need be', async () => {
    const crash = { Error: 'Lambda.TooManyRequestsException', Cause: 'Rate Exceeded.' }
    const window = { kind: 'connection', since: '2026-11-23T01:00:00.000Z', attempt: 200 } as const
    const answer = await judge({ ...event, crash, window }, context)
    expect(answer).toMatchObject({
      verdict: 'retry',
      window: { kind: 'connection' },
      error: { code: 'STEP_THROTTLED' },
    })
  })

  test('a step that crashes for longer than its window has failed', async () => {
    const window = { kind: 'other', since: '2026-11-23T11:50:00.000Z', attempt: 28 } as const
    expect((await judge({ ...event, window }, context)).verdict).toBe('failed')
  })

  test('a crash before the task is read is judged by the default windows', async () => {
    expect((await judge({ ...event, run: null, retry: null, database: null, lane: null }, context)).verdict).toBe(
      'retry',
    )
  })

  test('a stopped run’s crashes are not judged', async () => {
    const stopped = { ...context, signal: AbortSignal.abort() }
    await expect(judge(event, stopped)).rejects.toMatchObject({ isRetryable: false, isCatchable: false })
  })
})
