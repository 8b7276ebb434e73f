import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { importsOf } from './support/imports.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const FOLDERS = ['lambdas', 'local', 'cli']
const LEDGER = 'lambdas/core/ledger/'

interface SourceFile {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

function filesUnder(folder: string): readonly SourceFile[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(join(root, path)).isDirectory()) return name === 'vendor' ? [] : filesUnder(path)
    return /\.(ts|sql)$/.test(name) ? [{ path, text: readFileSync(join(root, path), 'utf8') }] : []
  })
}

const all = FOLDERS.flatMap(filesUnder)

/** All that the ledger's own files create in the schema. */
const members = new Set(
  all
    .filter(({ path }) => path.startsWith(LEDGER))
    .flatMap(({ text }) => [
      ...text.matchAll(/\b(?:TABLE|FUNCTION|VIEW|SEQUENCE|TYPE|INDEX)(?: IF NOT EXISTS)? sampan\.(\w+)/g),
    ])
    .map(([, name = '']) => name),
)

/** Settings, tags, metrics and files may be named sampan.something too: SQL names a member, or puts the name together. */
const MEMBER = new RegExp(String.raw`\bsampan"?\."?(?:(?:${[...members].join('|')})\b|\$\{)`)

/** Without comments: of TypeScript, and of SQL, in templates as well. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1')
    .replace(/(^|\s)--.*$/gm, '$1')
}

/** SQL of the schema beside its door. */
function writesOfLedger({ path, text }: SourceFile): readonly string[] {
  if (path.startsWith(LEDGER)) return []
  return codeOf(text)
    .split('\n')
    .filter((line) => MEMBER.test(line))
    .map((line) => `${path}: ${line.trim()}`)
}

/** `lambdas/stages/copy`, `lambdas/core/ledger`, `local/servers`, `cli` */
function roomOf(path: string): string {
  const parts = path.split('/')
  return parts[0] === 'lambdas' ? parts.slice(0, 3).join('/') : parts.slice(0, Math.min(2, parts.length - 1)).join('/')
}

/** Files that are SQL, or read as text, of another room. */
function readsAcrossRooms({ path, text }: SourceFile): readonly string[] {
  return [...codeOf(text).matchAll(/new URL\(\s*['"](\.[^'"]*\.sql)['"]/g)]
    .map(([, specifier = '']) => normalize(join(dirname(path), specifier)))
    .filter((target) => roomOf(target) !== roomOf(path))
    .map((target) => `${path}: ${target}`)
}

describe('the ledger is the only door to its schema', () => {
  test('no file outside of it holds SQL of the schema', () => {
    expect(members.size).toBeGreaterThan(25)
    expect(all.length).toBeGreaterThan(300)
    expect(all.flatMap(writesOfLedger)).toEqual([])
  })

  test.each([
    ['lambdas/stages/copy/lane/lane.ts', 'const due = await session.rows(`SELECT 1 FROM sampan.chunk WHERE run = $1`)'],
    ['lambdas/stages/schema/sql/planted.sql', 'UPDATE sampan.object o\n   SET status = $1'],
    ['lambdas/core/structure/gone.ts', "return `SELECT sampan.require_open('r')`"],
    ['cli/commands/limits.ts', 'const sql = `DELETE FROM "sampan"."limits"`'],
    ['local/observe.ts', `const sql = 'SELECT * FROM sampan.$' + '{table}'`.replaceAll("' + '", '')],
  ])('SQL planted in %s is seen', (path, text) => {
    expect(writesOfLedger({ path, text })).toHaveLength(1)
  })

  test.each([
    ['lambdas/core/ledger/run.ts', 'const sql = `SELECT FROM sampan.run`'],
    ['lambdas/stages/copy/lane/lane.ts', '// sampan.limits says how many'],
    ['lambdas/stages/copy/lane/lane.ts', '/** As sampan.chunk has it. */'],
    ['lambdas/stages/copy/sql/a.sql', '-- sampan.chunk knows it'],
    ['lambdas/core/postgres/sessions.ts', `const SETTING = 'sampan.execution'`],
    ['cli/task-file.ts', `const file = 'sampan.json'`],
  ])('%s may say %j', (path, text) => {
    expect(writesOfLedger({ path, text })).toEqual([])
  })
})

describe('an .sql file belongs to its room', () => {
  test('nobody reads another room’s', () => {
    expect(all.flatMap(readsAcrossRooms)).toEqual([])
  })

  test.each([
    ['lambdas/stages/copy/plan/plan-copy.ts', '../../schema/sql/relations.sql'],
    ['lambdas/stages/copy/plan/plan-copy.ts', '../../../core/ledger/sql/read-comparisons.sql'],
    ['cli/summary/summary.ts', '../../lambdas/core/ledger/sql/read-comparisons.sql'],
  ])('%s may not read %s', (path, specifier) => {
    const text = `const SQL = sqlFile(new URL('${specifier}', import.meta.url))`
    expect(readsAcrossRooms({ path, text })).toHaveLength(1)
  })

  test.each([
    ['lambdas/stages/schema/plan/facts.ts', '../sql/relations.sql'],
    ['lambdas/core/ledger/chunks/plan.ts', './sql/align-chunks.sql'],
  ])('%s may read %s', (path, specifier) => {
    const text = `const SQL = sqlFile(new URL('${specifier}', import.meta.url))`
    expect(readsAcrossRooms({ path, text })).toEqual([])
  })
})

/** The ledger's folders, each with those that it may import. Beside them lies what is asked of a run as a whole. */
const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  '': [],
  objects: [''],
  chunks: [''],
  rows: ['', 'chunks'],
  story: ['', 'objects', 'chunks', 'rows'],
}

/** What is kept of relations and their comparison. */
const ABOUT_ROWS = /^(relations|comparisons|computed-columns|differences|validation|large-object\S*)\.ts$/

function subjectOf(path: string): string {
  const [first = '', second] = path.slice(LEDGER.length).split('/')
  if (second !== undefined) return first
  return ABOUT_ROWS.test(first) ? 'rows' : ''
}

test('the ledger’s folders import one way', () => {
  const inside = importsOf([LEDGER.slice(0, -1)]).filter(({ to }) => to.startsWith(LEDGER))
  const wrong = inside.filter(({ from, to }) => {
    const [own, other] = [subjectOf(from), subjectOf(to)]
    return own !== other && !SUBJECTS[own]?.includes(other)
  })
  expect(inside.length).toBeGreaterThan(20)
  expect(wrong.map(({ from, to }) => `${from}: ${to}`)).toEqual([])
})
