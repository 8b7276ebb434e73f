import { describe, expect, test, vi } from 'vitest'
import { SampanError } from '../../../lambdas/core/runtime/errors.ts'
import type { StepContext } from '../../../lambdas/core/runtime/event.ts'
import type { LogFields, StepLogger } from '../../../lambdas/core/runtime/logging.ts'
import { type RetryingEvent, type StepTools, stepHandler } from '../../../lambdas/core/runtime/step-handler.ts'
import { done, more, type RetryWindow, type StepAnswer } from '../../../lambdas/core/runtime/verdict.ts'

const now = new Date('2026-11-23T12:00:00Z')
const clock = () => now
const environment = { SAMPAN_ARTEFACTS: 'file:///tmp/artefacts' }
const event: RetryingEvent = { window: null, task: { retry: { connectionMinutes: 720, otherMinutes: 10 } } }

function context(milliseconds = 60_000, signal?: AbortSignal): StepContext {
  return {
    awsRequestId: 'request',
    getRemainingTimeInMillis: () => milliseconds,
    ...(signal === undefined ? {} : { signal }),
  }
}

function recorder() {
  const lines: { level: string; code: string; fields: LogFields }[] = []
  const log =
    (level: string) =>
    (code: string, fields: LogFields = {}) => {
      lines.push({ level, code, fields })
    }
  const logger: StepLogger = { info: log('info'), warn: log('warn'), error: log('error') }
  return { lines, logger }
}

function step(body: (event: RetryingEvent, step: StepTools) => Promise<StepAnswer<unknown>>, margin = 10_000) {
  const { lines, logger } = recorder()
  const options = { environment, logger, clock, random: () => 0.5, stopBeforeMilliseconds: margin }
  return { lines, handler: stepHandler('Test', body, options) }
}

const lost = new SampanError({
  code: 'SRC_CONNECTION_LOST',
  message: 'gone',
  remedy: 'wait',
  retryable: true,
  kind: 'connection',
})

describe('the wrapper of every step', () => {
  test('an answer has every field, whatever the body left out', async () => {
    const { handler } = step(async () => ({ verdict: 'done' }) as StepAnswer<unknown>)
    expect(await handler(event, context())).toEqual({
      verdict: 'done',
      pause: 0,
      window: null,
      error: null,
      output: null,
      spent: 19,
    })
  })

  test('a success closes the window it came with', async () => {
    const window: RetryWindow = { kind: 'other', since: now.toISOString(), attempt: 3 }
    const { handler } = step(async () => more())
    expect((await handler({ ...event, window }, context())).window).toBeNull()
  })

  test('a lost connection is answered with a pause, not thrown', async () => {
    const { handler, lines } = step(async () => {
      throw lost
    })
    expect(await handler(event, context())).toEqual({
      verdict: 'retry',
      pause: 1,
      window: { kind: 'connection', since: now.toISOString(), attempt: 1 },
      error: { kind: 'connection', code: 'SRC_CONNECTION_LOST', message: 'gone', remedy: 'wait' },
      output: null,
      spent: 9,
    })
    expect(lines).toMatchObject([{ level: 'warn', code: 'SRC_CONNECTION_LOST' }])
  })

  test('the log has the part of the window that is used up, which an alarm is made of', async () => {
    const { handler, lines } = step(async () => {
      throw lost
    })
    const since = new Date(now.getTime() - 540 * 60_000).toISOString()
    await handler({ ...event, window: { kind: 'connection', since, attempt: 4 } }, context())
    expect(lines).toMatchObject([{ fields: { verdict: 'retry', windowUsed: 0.75 } }])
  })

  test('an old window that something was achieved in does not count against a new failure', async () => {
    const window: RetryWindow = { kind: 'connection', since: '2026-11-22T12:00:00.000Z', attempt: 400 }
    const failing = step(async () => {
      throw lost
    })
    expect((await failing.handler({ ...event, window }, context())).verdict).toBe('failed')
    const copying = step(async (_, tools) => {
      tools.progressed()
      throw lost
    })
    expect((await copying.handler({ ...event, window }, context())).window).toMatchObject({ attempt: 1 })
  })

  test('before the task is read the default windows hold', async () => {
    const { handler } = step(async () => {
      throw lost
    })
    expect((await handler({ window: null }, context())).verdict).toBe('retry')
  })

  test('a stranger is judged too and its cause is logged without its message', async () => {
    const { handler, lines } = step(async () => {
      throw new Error('internal', { cause: Object.assign(new Error('Key (email)=(a@b.c)'), { code: '23505' }) })
    })
    const answer = await handler(event, context())
    expect(answer).toMatchObject({ verdict: 'retry', error: { kind: 'other', code: 'INTERNAL' } })
    expect(lines[0]?.fields.causes).toMatchObject([{ name: 'SampanError' }, { name: 'Error' }, { code: '23505' }])
    expect(JSON.stringify(lines)).not.toContain('a@b.c')
  })

  test('an error’s text is one line, bounded, and without the password of an address', async () => {
    const { handler } = step(async () => {
      const message = `cannot reach postgres://me:geheim@host/db ${'x'.repeat(2000)}\nsecond line`
      throw new SampanError({ code: 'X', message, remedy: 'r' })
    })
    const { error } = await handler(event, context())
    expect(error?.message).toHaveLength(500)
    expect(error?.message).toContain('postgres://me:***@host/db')
  })

  test('a wrong environment fails the step with every variable named', async () => {
    const handler = stepHandler('Test', async () => done(), { logger: recorder().logger, clock })
    const before = process.env.SAMPAN_ARTEFACTS
    delete process.env.SAMPAN_ARTEFACTS
    try {
      const { verdict, error } = await handler({ ...event } as never, context())
      expect(verdict).toBe('failed')
      expect(error).toMatchObject({ code: 'ENVIRONMENT_INVALID' })
      expect(error?.message).toContain('SAMPAN_ARTEFACTS')
    } finally {
      if (before !== undefined) process.env.SAMPAN_ARTEFACTS = before
    }
  })
})

describe('the end of a call', () => {
  test('the signal fires before the time is up, so that the body can still answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { handler } = step(async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        return more()
      }, 100)
      let verdict: string | null = null
      const answered = handler(event, context(400)).then((answer) => {
        verdict = answer.verdict
      })
      await vi.advanceTimersByTimeAsync(299)
      expect(verdict).toBeNull()
      await vi.advanceTimersByTimeAsync(1)
      await answered
      expect(verdict).toBe('more')
    } finally {
      vi.useRealTimers()
    }
  })

  test('of a very short time at most a quarter is kept back', async () => {
    const { handler } = step(async (_, { signal }) => (signal.aborted ? more() : done()))
    expect((await handler(event, context(1000))).verdict).toBe('done')
  })

  test('a stopped run’s steps do not begin', async () => {
    let called = false
    const { handler } = step(async () => {
      called = true
      return done()
    })
    const thrown = await handler(event, context(1000, AbortSignal.abort())).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ isRetryable: false, isCatchable: false })
    expect(called).toBe(false)
  })

  test('a body that breaks because the run was stopped is not judged', async () => {
    const stop = new AbortController()
    const { handler, lines } = step(async (_, { signal }) => {
      stop.abort()
      signal.throwIfAborted()
      return done()
    })
    const thrown = await handler(event, context(1000, stop.signal)).catch((error: unknown) => error)
    expect(thrown).toMatchObject({ name: 'StepAborted', isRetryable: false, isCatchable: false })
    expect(lines).toEqual([])
  })
})
