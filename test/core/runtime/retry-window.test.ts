import { describe, expect, test } from 'vitest'
import { LONG_HISTORY } from '../../../lambdas/core/runtime/history.ts'
import { DEFAULT_RETRY, judge, type RetrySettings } from '../../../lambdas/core/runtime/retry-window.ts'
import type { RetryWindow, StepError } from '../../../lambdas/core/runtime/verdict.ts'

const refused: StepError & { retryable: boolean } = {
  kind: 'connection',
  code: 'SRC_CONNECTION_LOST',
  message: 'refused',
  remedy: 'wait',
  retryable: true,
}
const other = { ...refused, kind: 'other', code: 'DST_SQL_40P01' } as const
const middle = () => 0.5
const start = Date.parse('2026-11-23T00:00:00Z')
const at = (seconds: number) => () => new Date(start + seconds * 1000)

/** Fails until `backAfter` seconds have passed, as the state machine would: judge, wait the pause, call again. */
function failing(
  error: typeof refused,
  settings: RetrySettings,
  backAfter = Number.POSITIVE_INFINITY,
  random = middle,
) {
  const pauses: number[] = []
  let window: RetryWindow | null = null
  for (let seconds = 0; ; ) {
    if (seconds >= backAfter) return { verdict: 'done', calls: pauses.length + 1, seconds, pauses }
    const answer = judge({ error, window }, settings, at(seconds), random)
    if (answer.verdict === 'failed') return { verdict: 'failed', calls: pauses.length + 1, seconds, pauses }
    pauses.push(answer.pause)
    window = answer.window
    seconds += answer.pause
  }
}

describe('the retry windows', () => {
  test('a source that comes back after five hours is found again within five minutes', () => {
    const run = failing(refused, DEFAULT_RETRY, 5 * 3600)
    expect(run.verdict).toBe('done')
    expect(run.seconds - 5 * 3600).toBeLessThan(300)
    expect(run.calls).toBe(167)
  })

  test.each([
    ['connection', 720, 279],
    ['connection', 1440, 471],
    ['connection', 10, 20],
    ['other', 10, 20],
    ['other', 1, 8],
  ] as const)('an error of kind %s that never ends fails after exactly %i minutes', (kind, minutes, calls) => {
    const settings =
      kind === 'connection'
        ? { connectionMinutes: minutes, otherMinutes: 1 }
        : { connectionMinutes: 720, otherMinutes: minutes }
    const run = failing(kind === 'connection' ? refused : other, settings)
    expect(run.verdict).toBe('failed')
    expect(run.seconds).toBe(minutes * 60)
    expect(run.calls).toBe(calls)
  })

  test('the longest window fits the history of an execution even when every loop goes by the crash path', () => {
    // The unluckiest dice halve every pause.
    for (const dice of [() => 0, middle]) {
      const loops = failing(other, { connectionMinutes: 1441, otherMinutes: 1440 }, undefined, dice).calls
      expect(loops * 14).toBeLessThan(25_000)
    }
  })

  test('pauses grow 1, 2, 4 to 60 seconds, to 300 with the hours, and half of each is dice', () => {
    const longest = failing(refused, DEFAULT_RETRY, undefined, () => 0.999_999)
    expect(longest.pauses.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
    expect(Math.max(...longest.pauses)).toBe(300)
    const shortest = failing(refused, DEFAULT_RETRY, undefined, () => 0)
    expect(shortest.pauses.slice(0, 8)).toEqual([1, 1, 2, 4, 8, 16, 30, 30])
  })

  test('where most of the history is used up the pauses are long, whatever the window', () => {
    const window: RetryWindow = { kind: 'connection', since: new Date(start).toISOString(), attempt: 30 }
    const pause = (spent: number) =>
      judge({ error: refused, window, spent }, DEFAULT_RETRY, at(60), () => 0.999_999).pause
    expect([pause(LONG_HISTORY), pause(LONG_HISTORY + 1)]).toEqual([60, 900])
  })

  test('every pause is a whole number of seconds, at least 1, and never beyond what is left', () => {
    const window: RetryWindow = { kind: 'other', since: new Date(start).toISOString(), attempt: 30 }
    for (const left of [0.4, 1, 1.9, 7.5, 44, 45]) {
      const answer = judge({ error: other, window }, DEFAULT_RETRY, at(600 - left), middle)
      expect(answer.verdict).toBe('retry')
      expect(Number.isInteger(answer.pause)).toBe(true)
      expect(answer.pause).toBe(Math.max(1, Math.floor(left)))
    }
  })

  test('another kind of failure opens a window of its own', () => {
    const first = judge({ error: refused, window: null }, DEFAULT_RETRY, at(0), middle)
    const second = judge({ error: refused, window: first.window }, DEFAULT_RETRY, at(3600), middle)
    expect(second.window).toEqual({ kind: 'connection', since: '2026-11-23T00:00:00.000Z', attempt: 2 })
    const changed = judge({ error: other, window: second.window }, DEFAULT_RETRY, at(3700), middle)
    expect(changed.window).toEqual({
      kind: 'other',
      since: '2026-11-23T01:01:40.000Z',
      attempt: 3,
      began: '2026-11-23T00:00:00.000Z',
    })
  })

  test('failures whose kind changes with every call end with both windows, at ever longer pauses', () => {
    let window: RetryWindow | null = null
    let seconds = 0
    let calls = 1
    for (; ; calls += 1) {
      const answer = judge({ error: calls % 2 === 0 ? refused : other, window }, DEFAULT_RETRY, at(seconds), middle)
      if (answer.verdict === 'failed') break
      window = answer.window
      seconds += answer.pause
    }
    expect(seconds).toBe((720 + 10) * 60)
    expect(calls * 14).toBeLessThan(25_000)
  })

  test('an error that waiting cannot help fails at once, in an open window too', () => {
    const window: RetryWindow = { kind: 'other', since: new Date(start).toISOString(), attempt: 1 }
    const answer = judge({ error: { ...other, retryable: false }, window }, DEFAULT_RETRY, at(1), middle)
    expect(answer).toEqual({
      verdict: 'failed',
      pause: 0,
      window: null,
      error: { kind: 'other', code: 'DST_SQL_40P01', message: 'refused', remedy: 'wait' },
      output: null,
      spent: 0,
    })
  })
})
