import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { codesOf } from '../../../lambdas/stages/precheck/codes.ts'
import { describeChecks } from '../../../lambdas/stages/precheck/describe.ts'
import { checks } from '../../../lambdas/stages/precheck/registry.ts'

const checksFolder = new URL('../../../lambdas/stages/precheck/checks/', import.meta.url)
const testsFolder = new URL('./', import.meta.url)

describe('the list of checks', () => {
  test('no code is there twice', () => {
    const codes = checks.flatMap(codesOf).map((one) => one.code)
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([])
  })

  test.each(checks.flatMap(codesOf).map((one) => [one.code, one] as const))('%s is documented', (_, one) => {
    expect(one.code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/)
    for (const text of [one.cause, one.remedy]) {
      expect(text.length).toBeGreaterThan(6)
      expect(text.length).toBeLessThan(160)
      // One line, in the style of all others: no capital at its head (but for names), no full stop at its end.
      expect(text).not.toMatch(/\n|\.$/)
    }
  })

  test('every file in checks/ is registered', async () => {
    const exported = await Promise.all(
      readdirSync(checksFolder).map(async (file): Promise<readonly unknown[]> => {
        const module: Record<string, unknown> = await import(new URL(file, checksFolder).href)
        return Object.values(module).flat()
      }),
    )
    const found = exported.flat().filter((value) => typeof value === 'object' && value !== null && 'run' in value)
    expect(found.length).toBe(checks.length)
    expect(found.filter((check) => !(checks as readonly unknown[]).includes(check))).toEqual([])
  })

  test('every check is seen at work by some test', () => {
    const tests = readdirSync(testsFolder)
      .filter((file) => file.endsWith('.test.ts') && file !== 'registry.test.ts')
      .map((file) => readFileSync(new URL(file, testsFolder), 'utf8'))
      .join('\n')
    const sided = (code: string) => code.replace(/^(SRC|DST)_/, '')
    const unseen = checks.filter(({ code }) => !tests.includes(code) && !tests.includes(`}_${sided(code)}`))
    expect(unseen.map((check) => check.code)).toEqual([])
  })

  test('docs/prechecks.md is up to date (node scripts/write-prechecks.ts)', () => {
    const page = readFileSync(new URL('../../../docs/prechecks.md', import.meta.url), 'utf8')
    expect(page).toBe(describeChecks(checks))
  })
})
