import { expect, test } from 'vitest'
import type { CaseResult } from '../run-case.ts'
import { runCases } from '../run-cases.ts'
import { readFollowCase } from './case.ts'

test('the same seed is the same case', () => {
  expect(readFollowCase(5)).toEqual(readFollowCase(5))
  expect(readFollowCase(5).faults).not.toEqual(readFollowCase(6).faults)
})

// Killed, a session ended, and killed once more within the cutover.
test('a run that follows a source that never pauses ends with equal data, whatever is done to it (seed 5)', {
  tags: 'long',
  timeout: 300_000,
}, async () => {
  const results: CaseResult[] = []
  await runCases([readFollowCase(5)], { jobs: 1, tell: (result) => results.push(result) })
  expect(results.flatMap(({ problems }) => problems)).toEqual([])
  expect(results).toHaveLength(1)
})
