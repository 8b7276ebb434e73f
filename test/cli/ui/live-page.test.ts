import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { ProgressModel } from '../../../cli/progress/model.ts'
import { type ChangeLimits, LivePage } from '../../../cli/ui/live-page.ts'
import { NO_LIMITS } from '../../../lambdas/core/ledger/limits.ts'
import { done } from '../../../lambdas/core/runtime/verdict.ts'
import { endEvent, runEvent, stageEvent } from './events.ts'
import { openEvents } from './events-source.ts'

async function openPage(): Promise<LivePage> {
  const page = await LivePage.open(0)
  onTestFinished(() => page.close())
  return page
}

/** A request as no browser would let a page make it. */
async function ask(url: URL | string, headers: Record<string, string> = {}, method = 'GET', body = '') {
  const request = httpRequest(url, { method, headers })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, text: await text(response) }
}

test('the page and all it loads come from its own address, and nothing may be loaded from elsewhere', async () => {
  const page = await openPage()
  expect(new URL(page.url).hostname).toBe('127.0.0.1')
  expect(new URL(page.url).pathname).toMatch(/^\/[\w-]{32}\/$/)
  const { status, headers, text: markup } = await ask(page.url)
  expect(status).toBe(200)
  expect(headers['content-security-policy']).toContain(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'",
  )
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  const loaded = [...markup.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address)
  expect(loaded).toEqual(['data:,', 'report.css', 'uplot.css', 'page.css', 'page.js'])
  const files = await Promise.all([...loaded.slice(1), 'uplot.js'].map((name) => ask(new URL(name, page.url))))
  for (const file of files) {
    expect(file.status).toBe(200)
    expect(file.headers['content-type']).toMatch(/^text\/(css|javascript); charset=utf-8$/)
    expect(file.text).not.toMatch(/@import|url\(['"]?http|fetch\(['"]http|from ['"]http/)
  }
  // Neither styles nor scripts stand in the markup: the policy would refuse them.
  expect(markup).not.toMatch(/<style|style=|<script(?! type="module" src=)|\son\w+=/)
})

test('whoever has not the address, comes by another name or from another page is refused, with code and remedy', async () => {
  const page = await openPage()
  const { host, origin } = new URL(page.url)
  const wrong = new URL(page.url)
  wrong.pathname = `/${'x'.repeat(32)}/`
  expect(await ask(wrong)).toMatchObject({ status: 403, text: expect.stringMatching(/^PAGE_ADDRESS_WRONG: .+\n.+\n$/) })
  expect(await ask(new URL('/', page.url))).toMatchObject({ status: 403 })
  expect(await ask(new URL('/events', page.url))).toMatchObject({ status: 403 })
  for (const name of ['rebound.example', `127.0.0.1.example:${new URL(page.url).port}`, '0.0.0.0'])
    expect(await ask(page.url, { host: name })).toMatchObject({
      status: 403,
      text: expect.stringContaining('PAGE_HOST_REFUSED'),
    })
  for (const from of ['http://evil.example', 'null', `https://${host}`, 'http://127.0.0.1:1'])
    expect(await ask(new URL('events', page.url), { origin: from })).toMatchObject({
      status: 403,
      text: expect.stringContaining('PAGE_ORIGIN_REFUSED'),
    })
  // A change needs an origin, and it must be the page's own.
  const limits = new URL('limits', page.url)
  expect(await ask(limits, {}, 'POST', '{}')).toMatchObject({ status: 403 })
  expect(await ask(limits, { origin, 'sec-fetch-site': 'cross-site' }, 'POST', '{}')).toMatchObject({ status: 403 })
  expect(await ask(new URL('../etc', page.url))).toMatchObject({ status: 403 })
  expect(await ask(new URL('__proto__', page.url))).toMatchObject({ status: 404 })
  expect(await ask(page.url, { origin }, 'PUT')).toMatchObject({ status: 405 })
  // Through a tunnel the port is another one.
  expect(await ask(page.url, { host: 'localhost:9000', origin: 'http://localhost:9000' })).toMatchObject({
    status: 200,
  })
})

test('a page that is opened late, or again, is told all of it; the end is told for good', async () => {
  const page = await openPage()
  page.take(runEvent())
  page.take(stageEvent(null, 'read', 'done'))
  const first = await openEvents(page.url)
  const shown = await first.next('show')
  expect(shown.sections.steps).toContain('Read the task')
  expect(await first.next('said')).toBe('shop-move: Running')
  first.close()
  page.take(stageEvent(null, 'open', 'done'))
  const again = await openEvents(page.url)
  const { sections } = await again.next('show')
  expect(Object.keys(sections)).toEqual(Object.keys(shown.sections))
  expect(sections.steps).toMatch(/class="done"[^\n]*Open access/)
  page.take(endEvent(1, { code: 'DST_DISK_FULL', message: 'the disk is full', remedy: 'make room' }))
  // What has not changed is not told again.
  const last = await again.next('show')
  expect(Object.keys(last.sections)).toContain('status')
  expect(Object.keys(last.sections)).not.toContain('steps')
  await again.next('over')
  const late = await openEvents(page.url)
  expect((await late.next('show')).sections.status).toMatch(/Failed.*the disk is full.*DST_DISK_FULL/s)
  await late.next('over')
  await page.close()
  expect(await again.ended).toBe(true)
})

test('the page is made of the events of the model that the screen shows', async () => {
  const page = await openPage()
  const model = new ProgressModel(['shop'])
  const display = page.show(model, { name: 'shop-move', execution: null, mode: 'migrate' }, null)
  model.called({ name: 'ReadTaskFunction', database: null })
  model.answered(
    { name: 'ReadTaskFunction', database: null },
    {
      ...done(),
      verdict: 'retry',
      pause: 8,
      error: { kind: 'other', code: 'A_CODE', message: 'no', remedy: 'mend it' },
    },
  )
  await display.end()
  const events = await openEvents(page.url)
  expect((await events.next('show')).sections.steps).toMatch(/A_CODE, tried again in [78](\.0)? s/)
  expect((await ask(page.url)).text).not.toContain('<form')
})

test('limits are moved by the words of the form; what is none is refused, and nothing after the end', async () => {
  const page = await openPage()
  const { origin } = new URL(page.url)
  const asked: Parameters<ChangeLimits>[0][] = []
  const act: ChangeLimits = async (change) => {
    asked.push(change)
    const limits = asked.length === 1 ? null : { ...NO_LIMITS, lanes: 3 }
    return { databases: [{ database: 'shop', limits }], failed: null }
  }
  page.show(new ProgressModel(['shop']), { name: 'shop-move', execution: null, mode: 'migrate' }, act)
  const change = async (fields: unknown, body = JSON.stringify(fields)) => {
    const answer = await ask(new URL('limits', page.url), { origin, 'content-type': 'application/json' }, 'POST', body)
    return {
      status: answer.status,
      ...(JSON.parse(answer.text) as { lines: string[]; error: { code: string } | null }),
    }
  }
  expect(await change({ lanes: '3' })).toMatchObject({ status: 409, error: { code: 'RUN_NOT_COPYING' } })
  expect(await change({ lanes: 'auto', megabytesPerSecond: '2.5', rowsPerSecond: 'none' })).toMatchObject({
    status: 200,
    lines: ['shop: 3 lanes, no other limit'],
    error: null,
  })
  expect(await change({ paused: 'true' })).toMatchObject({ status: 200 })
  expect(asked).toEqual([
    { lanes: 3 },
    { lanes: 'auto', bytesPerSecond: 2_500_000, rowsPerSecond: null },
    { paused: true },
  ])
  for (const wrong of [
    {},
    { lanes: '0' },
    { lanes: '1.5' },
    { lanes: '65' },
    { rowsPerSecond: 'x' },
    { rowsPerSecond: '-1' },
    { other: '1' },
    null,
  ])
    expect(await change(wrong)).toMatchObject({ status: 409, error: { code: 'PAGE_REQUEST_WRONG' } })
  expect(await change(null, `{"lanes": "3", "x": "${'y'.repeat(10_000)}"}`)).toMatchObject({
    error: { code: 'PAGE_REQUEST_WRONG' },
  })
  page.take(endEvent(0))
  expect(await change({ lanes: '3' })).toMatchObject({ error: { code: 'PAGE_NOTHING_TO_CHANGE' } })
  expect(asked).toHaveLength(3)
})

test('a port that is taken is said', async () => {
  const page = await openPage()
  await expect(LivePage.open(Number(new URL(page.url).port))).rejects.toMatchObject({ code: 'PAGE_PORT_TAKEN' })
})
