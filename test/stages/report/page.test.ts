import { describe, expect, test } from 'vitest'
import { reportPage } from '../../../lambdas/stages/report/html/page.ts'
import { type Report, reportSchema } from '../../../lambdas/stages/report/model.ts'
import { failed, refused, succeeded, totalsOf } from './samples.ts'

const HOSTILE = `<script>alert("x")</script><img src=x onerror='y'>&amp;`

/** Every text of a report replaced by a hostile one, but those whose values the schema fixes. */
function poison(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => poison(each, key))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, poison(each, name)]))
  }
  const fixed = ['status', 'mode', 'level', 'format', 'startedAt', 'finishedAt', 'side']
  return typeof value === 'string' && (!fixed.includes(key) || key === 'side') && key !== 'side' ? HOSTILE : value
}

describe('the page', () => {
  test.each([
    ['succeeded', succeeded],
    ['failed', failed],
    ['refused', refused],
  ])('of a run that %s lets no name become markup', (_, report) => {
    const page = reportPage(poison(report) as Report)
    expect(page).not.toMatch(/<script|<img|onerror='/)
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;')
    // The same tags, in the same order: no value has opened or closed one.
    const tags = (text: string) =>
      [...text.matchAll(/<\/?(main|section|details|table|footer|header|body)\b/g)].map(([tag]) => tag)
    expect(tags(page)).toEqual(tags(reportPage(report)))
  })

  test('loads nothing and runs nothing', () => {
    for (const report of [succeeded, failed, refused]) {
      const page = reportPage(report)
      expect(page).not.toMatch(/<(script|link|iframe|object|embed)\b|\bsrc=|url\(|@import|https?:\/\//i)
      expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
    }
  })

  test('says first how it ended, then what is wrong and what to do', () => {
    const page = reportPage(failed)
    const order = [
      'Failed</span>',
      'objects could not be created',
      'mend what the report says',
      'public.orders',
      'Access</h2>',
    ]
    const places = order.map((text) => page.indexOf(text))
    expect(places).toEqual([...places].sort((one, other) => one - other))
    expect(places).not.toContain(-1)
  })

  test('shows the databases that failed before the others', () => {
    const [first] = succeeded.databases
    if (first === undefined) throw new Error('no database')
    const good = (name: string) => ({ ...first, name, as: name })
    const bad = { ...first, name: 'bad', as: 'bad', status: 'failed' as const, error: failed.error }
    const page = reportPage({ ...failed, databases: [good('one'), bad, good('two')] })
    expect([...page.matchAll(/<h2>(one|two|bad)</g)].map(([, name]) => name)).toEqual(['bad', 'one', 'two'])
  })

  test('of a stopped run does not say that it failed, nor counts what was not copied', () => {
    const [database] = succeeded.databases
    if (database === undefined) throw new Error('no database')
    const error = { code: 'RUN_STOPPED', message: 'stopped', remedy: 'start again' }
    const tables = database.tables.map((table, index) => (index === 0 ? { ...table, chunksDone: 0, chunks: 9 } : table))
    const stopped = { ...database, status: 'failed' as const, tables, totals: totalsOf({ ...database, tables }) }
    const page = reportPage({ ...failed, error, databases: [stopped] })
    expect(page).toContain('<span class="status warn">Stopped</span>')
    expect(page).toContain('not complete</span>')
    expect(page).toMatch(/<span>of about [\d.]+ [kMGT]?B<\/span>/)
    expect(page).not.toMatch(/class="(status|box) bad"/)
  })

  test('names a table that differs with both counts, and where the rows lie', () => {
    const page = reportPage(failed)
    expect(page).toContain('1 only on the source, 2 with other values')
    expect(page).toContain('(1024,7)')
    expect(page).toContain('still open')
  })

  test('of thousands of tables stays small, and says that there are more', () => {
    const [database] = succeeded.databases
    if (database === undefined) throw new Error('no database')
    const tables = Array.from({ length: 10_000 }, (_, index) => ({
      ...(database.tables[0] as (typeof database.tables)[0]),
      name: `public.t${index}`,
    }))
    const totals = totalsOf({ ...database, tables })
    const page = reportPage({ ...succeeded, databases: [{ ...database, tables, totals }] })
    expect(page.length).toBeLessThan(2_000_000)
    expect(page).toContain('8,000 more are in report.json')
    const details = 'runs/orders/7f3a/details/0001.jsonl'
    const some = { ...database, tables: tables.slice(0, 1_000), totals, details }
    expect(reportPage({ ...succeeded, databases: [some] })).toContain(
      '9,000 more are in <a href="details/0001.jsonl">details/0001.jsonl</a>',
    )
  })

  test('shows a direction override in a name by its code', () => {
    const [database] = succeeded.databases
    if (database === undefined) throw new Error('no database')
    const page = reportPage({ ...succeeded, databases: [{ ...database, name: 'a\u202eb', as: 'a\u202eb' }] })
    expect(page).toContain('a[U+202E]b')
  })

  test('the samples are reports', () => {
    for (const report of [succeeded, failed, refused]) expect(reportSchema.parse(report)).toEqual(report)
  })
})
