import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeTask } from '../../../scripts/task/page.ts'

test('docs/task.md is up to date (node scripts/write-task-reference.ts)', () => {
  const page = readFileSync(new URL('../../../docs/task.md', import.meta.url), 'utf8')
  expect(page).toBe(describeTask())
})

test('every option is there with its words, those behind names and in several forms too', () => {
  const page = describeTask()
  for (const option of [
    '## `name` (required)',
    '`source.tls.ca`',
    '`destination.apsaraInstance`',
    '`databases[].tables{}.columns{}.expression`',
    '`throttle.automatic.sourceCpuPercent`',
  ])
    expect(page).toContain(option)
  expect(page).not.toMatch(/\| +\|\s*$/m)
  // Of both ends it is told once.
  expect(page).not.toContain('`destination.port`')
})
