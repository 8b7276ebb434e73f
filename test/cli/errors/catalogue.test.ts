import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { findEntry, readCatalogue } from '../../../cli/errors/catalogue.ts'
import { buildCatalogue } from '../../../scripts/errors/build.ts'
import { describeErrors } from '../../../scripts/errors/page.ts'
import { scanSources } from '../../../scripts/errors/scan.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const scan = scanSources(root)
const catalogue = readCatalogue()

describe('the catalogue of errors', () => {
  test('has every code of the sources, and no other (node scripts/write-errors.ts)', () => {
    expect(catalogue).toEqual(buildCatalogue(scan))
  })

  test('is what docs/errors.md shows (node scripts/write-errors.ts)', () => {
    expect(readFileSync(`${root}/docs/errors.md`, 'utf8')).toBe(describeErrors(catalogue))
  })

  test('explains what is met most at night by SQL or a command', () => {
    const helped = catalogue.entries.filter(({ look, mend, commands }) => look ?? mend ?? commands)
    expect(helped.length).toBeGreaterThan(100)
    for (const code of ['SRC_TOO_MANY_CONNECTIONS', 'DST_LOCK_HELD', 'SRC_LONG_TRANSACTIONS', 'DST_STORAGE_SHORT'])
      expect(findEntry(catalogue, code)?.look).toBeDefined()
  })

  test('shows no code where the words of a message depend on the run', () => {
    const texts = catalogue.entries.flatMap(({ cases }) => cases.flatMap(({ cause, remedy }) => [cause, remedy]))
    expect(texts.filter((text) => /\$\{|=>|\bundefined\b|\[object|\{\}/.test(text))).toEqual([])
  })
})

describe('a code in the sources', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sampan-test-scan-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  function scanText(text: string, sql = '') {
    mkdirSync(join(directory, 'lambdas'), { recursive: true })
    writeFileSync(join(directory, 'lambdas', 'a.ts'), text)
    writeFileSync(join(directory, 'lambdas', 'a.sql'), sql)
    return scanSources(directory)
  }

  test.each([
    ['a literal', `throw new E({ code: 'A_B', message: 'is wrong', remedy: 'mend it' })`, ['A_B']],
    [
      'a constant',
      `const C = 'A_B' as const\nthrow new E({ code: C, message: 'is wrong', remedy: 'mend it' })`,
      ['A_B'],
    ],
    [
      'the prefix of a side',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source that is scanned
      'function f(prefix: string) { return { code: `${prefix}_B_C`, message: "is wrong", remedy: "mend it" } }',
      ['SRC_B_C', 'DST_B_C'],
    ],
    ['a choice', `const e = { code: a ? 'A_B' : 'A_C', message: 'is wrong', remedy: 'mend it' }`, ['A_B', 'A_C']],
    [
      'an argument of a helper',
      `const e = problem(path, null)\nconst f = problem('A_B', path, 'is wrong', 'mend it')`,
      ['A_B'],
    ],
  ])('is found as %s', (_, text, codes) => {
    const { places } = scanText(text)
    expect(places).toEqual(
      codes.map((code) => ({ code, file: 'lambdas/a.ts', kind: 'error', cause: 'is wrong', remedy: 'mend it' })),
    )
  })

  test('is shown with names for what only the run knows, of the side it belongs to', () => {
    const { places } = scanText(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source that is scanned
      'const e = { code: `${prefix}_B_C`, message: `the ${side} lacks ${wanted.tableNames.join(", ")}${rest ? "" : " and more"}`, remedy: "make them" }',
    )
    expect(places[1]?.cause).toBe('the destination lacks {table names}')
  })

  test('is a note where it is told as an event, and belongs to the log where only the logger has it', () => {
    const { places } = scanText(
      `const e = { level: 'info', step: 'Seal', code: 'A_B', message: 'so it is' }\nstep.logger.info('A_C', { count })`,
    )
    expect(places.map(({ code, kind }) => [code, kind])).toEqual([
      ['A_B', 'note'],
      ['A_C', 'log'],
    ])
  })

  test('is a note where SQL writes it into the run’s story, in a file of its own or not', () => {
    const { places } = scanText(
      "const one = `INSERT INTO sampan.event (code) SELECT 'A_B'`",
      `-- not 'A_D'\nINSERT INTO sampan.event (code) VALUES ('A_C');`,
    )
    expect(places.map(({ code, file, kind }) => [code, file, kind])).toEqual([
      ['A_B', 'lambdas/a.ts', 'note'],
      ['A_C', 'lambdas/a.sql', 'note'],
    ])
  })

  test('that SQL has and nobody can place stops the generator', () => {
    expect(() => buildCatalogue(scanText('const e = 1', `UPDATE sampan.object SET error_code = 'A_B'`))).toThrow(
      'A_B, in lambdas/a.sql: is it a code?',
    )
  })

  test.each([
    ['without a remedy', `const e = { code: 'A_B', message: 'is wrong', remedy: asked(it) }`, 'A_B: needs a cause'],
    [
      'of which nobody knows a part',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source that is scanned
      'const e = { code: `A_${what}`, message: m, remedy: r }',
      'A_{what}: what may stand there?',
    ],
    ['that nobody can place', `const e = wonder('A_B')`, 'A_B, in lambdas/a.ts: is it a code?'],
  ])('%s stops the generator', (_, text, problem) => {
    expect(() => buildCatalogue(scanText(text))).toThrow(problem)
  })

  test('that is gone makes what is written for it stale', () => {
    expect(() => buildCatalogue(scanText('const e = 1'))).toThrow('ROWS_DIFFER: stale in words.ts')
  })
})
