import { describe, expect, test } from 'vitest'
import type { Check, Finding } from '../../../lambdas/stages/precheck/check.ts'
import type { Level } from '../../../lambdas/stages/precheck/check-description.ts'
import { judgeOutcomes, type Outcome } from '../../../lambdas/stages/precheck/score.ts'

function check(code: string, level: Level): Check {
  return {
    code,
    level,
    side: 'source',
    scope: 'task',
    needs: [],
    title: 't',
    cause: 'c',
    remedy: 'r',
    run: async () => [],
  }
}

function outcome(level: Level, findings: readonly Finding[] = []): Outcome {
  return { check: check(level.toUpperCase(), level), database: null, kind: 'found', findings }
}

function notRun(level: Level, why: 'prerequisite' | 'crowded' | 'unknown' | 'failed'): Outcome {
  return { check: check(level.toUpperCase(), level), database: null, kind: 'not-run', why, cause: 'because' }
}

const finding: Finding = { cause: 'it is so' }
const good = outcome('error')

describe('the judgement of a precheck', () => {
  test('everything passed: 100 percent, not refused', () => {
    expect(judgeOutcomes([good, good], [])).toMatchObject({ score: 100, refused: false })
  })

  test('an error refuses, and no acknowledgement helps', () => {
    expect(judgeOutcomes([good, outcome('error', [finding])], ['ERROR'])).toMatchObject({ score: 50, refused: true })
  })

  test('a warning refuses until it is acknowledged, and then does not count against the score', () => {
    const outcomes = [good, outcome('warning', [finding])]
    expect(judgeOutcomes(outcomes, [])).toMatchObject({ score: 50, refused: true })
    expect(judgeOutcomes(outcomes, ['WARNING'])).toMatchObject({
      score: 100,
      refused: false,
      items: [{ status: 'passed' }, { status: 'acknowledged', blocks: false }],
    })
  })

  test('a warning’s more exact code is acknowledged by itself, or with all of its check', () => {
    const outcomes = [outcome('warning', [{ ...finding, code: 'EXACT' }])]
    expect(judgeOutcomes(outcomes, ['EXACT']).refused).toBe(false)
    expect(judgeOutcomes(outcomes, ['WARNING']).refused).toBe(false)
    expect(judgeOutcomes(outcomes, ['OTHER']).refused).toBe(true)
  })

  test('an info never blocks and never counts against the score', () => {
    expect(judgeOutcomes([outcome('info', [finding])], [])).toMatchObject({
      score: 100,
      refused: false,
      items: [{ status: 'failed', level: 'info', blocks: false }],
    })
  })

  test('a check that broke blocks as its finding would', () => {
    expect(judgeOutcomes([notRun('error', 'failed')], [])).toMatchObject({ score: 0, refused: true })
    expect(judgeOutcomes([notRun('warning', 'failed')], [])).toMatchObject({ score: 0, refused: true })
    expect(judgeOutcomes([notRun('warning', 'failed')], ['WARNING'])).toMatchObject({ score: 100, refused: false })
    expect(judgeOutcomes([notRun('info', 'failed')], [])).toMatchObject({ score: 100, refused: false })
  })

  test('what could not be known is left out of the score, what a finding kept from running lowers it', () => {
    expect(judgeOutcomes([good, notRun('error', 'unknown')], [])).toMatchObject({ score: 100, refused: false })
    expect(judgeOutcomes([good, notRun('error', 'prerequisite')], [])).toMatchObject({ score: 50, refused: false })
  })

  test('the score is rounded down: only a precheck with nothing in the way has 100', () => {
    const many = Array.from({ length: 299 }, () => good)
    expect(judgeOutcomes([...many, outcome('error', [finding])], []).score).toBe(99)
  })

  test('a finding’s own remedy wins over its check’s', () => {
    const [item] = judgeOutcomes([outcome('error', [{ cause: 'c', remedy: 'own' }])], []).items
    expect(item?.remedy).toBe('own')
  })

  test('a check for which no connection was left does not count as good', () => {
    expect(judgeOutcomes([good, notRun('warning', 'crowded')], [])).toMatchObject({ score: 50, refused: false })
  })
})
