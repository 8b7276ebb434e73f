import { describe, expect, test } from 'vitest'
import type { DatabaseReport } from '../../../lambdas/stages/report/model.ts'
import { decideOutcome, type Ending, finalStatus } from '../../../lambdas/stages/report/outcome.ts'
import { succeeded, totalsOf } from './samples.ts'

const error = { kind: 'other', code: 'VALIDATION_DIFFERS', message: '1 table differs', remedy: 'look' } as const
const shop = succeeded.databases[0] as DatabaseReport
const done = { database: 'shop', verdict: 'done', error: null } as const
const good: Ending = { mode: 'migrate', failure: null, refused: false, results: [done], databases: [shop], unread: [] }

describe('a run', () => {
  test('has succeeded where every database is done and sealed', () => {
    expect(decideOutcome(good)).toEqual({ status: 'succeeded', error: null })
  })

  test('that went on without objects has not simply succeeded', () => {
    const lost = { kind: 'TABLE', schema: 'public', name: 'public.lost', status: 'failed' as const }
    const objects = [...shop.objects, { ...lost, reason: null, error: null, milliseconds: null }]
    const { status, error } = decideOutcome({
      ...good,
      databases: [{ ...shop, objects, totals: totalsOf({ ...shop, objects }) }],
    })
    expect([status, finalStatus(status)]).toEqual(['incomplete', 'incomplete'])
    expect(error).toMatchObject({
      code: 'OBJECTS_LEFT_OUT',
      message: '1 object has not arrived, with the rows of one table: table public.lost',
    })
    expect(finalStatus('planned')).toBe('succeeded')
  })

  test('has failed with the step that failed, whatever the databases say', () => {
    expect(decideOutcome({ ...good, failure: error })).toEqual({ status: 'failed', error })
  })

  test('has failed with the error of its only database, as it is', () => {
    const results = [{ ...done, verdict: 'failed' as const, error }]
    expect(decideOutcome({ ...good, results })).toEqual({ status: 'failed', error })
  })

  test('of several databases names the one that failed', () => {
    const results = [done, { database: 'billing', verdict: 'failed' as const, error }]
    const databases = [shop, { ...shop, name: 'billing' }]
    expect(decideOutcome({ ...good, results, databases }).error?.message).toBe('billing: 1 table differs')
  })

  test('has not succeeded while nothing is known of a database', () => {
    const databases = [shop, { ...shop, name: 'billing' }]
    expect(decideOutcome({ ...good, databases })).toMatchObject({
      status: 'failed',
      error: { code: 'DATABASE_NOT_RUN' },
    })
  })

  test('whose databases went one after the other has the ledgers’ word for all but the last', () => {
    const databases = [{ ...shop, name: 'billing' }, shop]
    expect(decideOutcome({ ...good, databases, inTurns: true })).toEqual({ status: 'succeeded', error: null })
    const open = [{ ...shop, name: 'billing', sealedAt: null }, shop]
    expect(decideOutcome({ ...good, databases: open, inTurns: true })).toMatchObject({ status: 'failed' })
  })

  test('has not succeeded where the ledger says that it is open', () => {
    const databases = [{ ...shop, sealedAt: null }]
    expect(decideOutcome({ ...good, databases })).toMatchObject({ status: 'failed', error: { code: 'RUN_NOT_SEALED' } })
  })

  test('whose ledger could not be read has not succeeded: only the ledger knows what was left out', () => {
    const why = { why: 'no answer', retryable: true, kind: 'connection' as const }
    const databases = [{ ...shop, startedAt: null, sealedAt: null }]
    const ending = { ...good, databases, unread: [{ database: 'shop', ...why }] }
    expect(decideOutcome(ending)).toMatchObject({
      status: 'failed',
      error: {
        kind: 'connection',
        code: 'LEDGER_UNREAD',
        message: expect.stringContaining('shop could not be read (no answer)'),
      },
    })
    // Of those that went one after the other, only the last one's result is there.
    const turns = [{ ...shop, name: 'billing', sealedAt: null }, shop]
    const unread = [{ database: 'billing', ...why }]
    expect(decideOutcome({ ...good, databases: turns, inTurns: true, unread }).error?.code).toBe('LEDGER_UNREAD')
    expect(decideOutcome({ ...ending, mode: 'plan' })).toEqual({ status: 'planned', error: null })
    expect(decideOutcome({ ...ending, failure: error }).error).toBe(error)
  })

  test('that was to check or to plan only ends as that, and well', () => {
    const checked = decideOutcome({ ...good, mode: 'precheck', results: [] }).status
    const planned = decideOutcome({ ...good, mode: 'plan', databases: [{ ...shop, sealedAt: null }] }).status
    expect([checked, planned]).toEqual(['prechecked', 'planned'])
    expect([finalStatus(checked), finalStatus(planned)]).toEqual(['succeeded', 'succeeded'])
  })

  test('that the precheck refuses is refused in every mode', () => {
    expect(decideOutcome({ ...good, refused: true, results: [] }).status).toBe('refused')
    expect(decideOutcome({ ...good, mode: 'precheck', refused: true, results: [] }).status).toBe('refused')
  })
})
