import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { expect, onTestFinished, test } from 'vitest'
import { exitStatus } from '../../cli/exit-status.ts'
import { type Alert, toMessage } from '../../cli/notify/alert.ts'
import { Alerts, DEFAULT_ALERT_LIMITS } from '../../cli/notify/alerts.ts'
import { Notifier } from '../../cli/notify/notifier.ts'
import { endNotify, type NotifyOptions, toNotify, withNotifyOptions } from '../../cli/notify/notify-options.ts'
import { toTarget } from '../../cli/notify/target.ts'
import { ProgressModel } from '../../cli/progress/model.ts'
import { runTask } from '../../cli/run-task.ts'
import type { StepEvent } from '../../lambdas/core/runtime/event.ts'
import { done, failed, type StepAnswer, type StepError } from '../../lambdas/core/runtime/verdict.ts'
import { readTask } from '../../lambdas/core/task/problems.ts'
import { fakeHandlers } from '../local/handlers.ts'
import { temporaryDirectory } from '../support/directories.ts'
import { listen } from './in-process.ts'

const MINUTE = 60_000
const ERROR: StepError = {
  kind: 'connection',
  code: 'SRC_CONNECT_REFUSED',
  message: 'the source refuses\nand more',
  remedy: 'start it',
}
const RUN = { id: 'shop-move', execution: 'shop-move-1' }
const ALERT: Alert = { code: 'NO_PROGRESS', message: 'still', remedy: 'look', database: null }
const MESSAGE = toMessage(ALERT, RUN, new Date(0))

/** A webhook on this machine. */
async function webhook(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`
}

function setUp() {
  let now = 0
  let moved = 0
  const told: Alert[] = []
  const model = new ProgressModel(['shop'], () => now)
  const alerts = new Alerts(
    model,
    DEFAULT_ALERT_LIMITS,
    (alert) => told.push(alert),
    () => now,
    () => moved,
  )
  const event = (name: string | null) =>
    ({
      task: {
        source: { rdsInstance: 'x' },
        destination: { host: 'y' },
        retry: { connectionMinutes: 60, otherMinutes: 10 },
      },
      database: name === null ? null : { name, as: name },
      lane: null,
    }) as unknown as StepEvent
  return {
    model,
    alerts,
    step(name: string, database: string | null = null, answer: StepAnswer = done()) {
      model.called({ name, database })
      alerts.called(name, event(database))
      model.answered({ name, database }, answer)
      alerts.answered(name, event(database), answer)
    },
    move() {
      moved += 1
    },
    pass(minutes: number) {
      now += minutes * MINUTE
      alerts.look()
    },
    codes: () => told.map(({ code }) => code),
    told,
  }
}

test('a slot that stays on the source is told when the run ends', () => {
  const { step, told } = setUp()
  step('FollowFunction', null, done({ kept: [] }))
  expect(told).toEqual([])
  step('FollowFunction', null, done({ kept: ['the slot stays'] }))
  expect(told).toMatchObject([{ code: 'FOLLOW_SLOT_KEPT', message: 'the slot stays', database: null }])
  expect(told[0]?.remedy).toContain('leftovers --drop')
})

test('a run that follows says when it waits for the cutover; what a comparison reads is no stand-still', () => {
  const { alerts, told, codes, step, move, pass } = setUp()
  alerts.warned('shop', [
    { number: 1, code: 'FOLLOW_CAUGHT_UP', message: 'all rows are here' },
    { number: 2, code: 'SRC_SLOW', message: 'no word for anybody' },
  ])
  expect(told).toMatchObject([{ code: 'FOLLOW_CAUGHT_UP', database: 'shop', message: 'all rows are here' }])
  expect(told[0]?.remedy).toMatch(/sampan cutover/)
  step('PrecheckFunction')
  for (let minutes = 0; minutes < 30; minutes += 9) {
    pass(9)
    move()
  }
  expect(codes()).toEqual(['FOLLOW_CAUGHT_UP'])
  pass(9)
  pass(11)
  expect(codes()).toEqual(['FOLLOW_CAUGHT_UP', 'NO_PROGRESS'])
})

test('a run that stands still is told once, and again after it has moved', () => {
  const { step, pass, codes, told, alerts, model } = setUp()
  step('ReadTaskFunction')
  step('PlanObjectsFunction', 'shop')
  pass(0)
  pass(9)
  expect(codes()).toEqual([])
  pass(1)
  pass(20)
  expect(told).toMatchObject([{ code: 'NO_PROGRESS', database: 'shop' }])
  expect(told[0]?.message).toContain('10 min')
  expect(told[0]?.remedy).toContain('pg_stat_activity')
  step('CreateObjectsFunction', 'shop')
  pass(0)
  pass(10)
  expect(codes()).toEqual(['NO_PROGRESS', 'NO_PROGRESS'])
  // What is followed stands still until the cutover.
  step('FollowFunction', 'shop')
  model.called({ name: 'CopyLaneFunction', database: 'shop' })
  pass(0)
  pass(30)
  expect(codes()).toHaveLength(2)
  alerts.ended({ status: exitStatus.done, error: null })
  alerts.ended({ status: exitStatus.stopped, error: null })
  expect(codes()).toHaveLength(2)
})

test('half of a retry window, failures and rules that stay open are told, each once', () => {
  const { step, pass, codes, told, alerts } = setUp()
  const retry = (minutes: number): StepAnswer => ({
    ...done(),
    verdict: 'retry',
    pause: 60,
    error: ERROR,
    window: { kind: 'connection', since: new Date(Date.now() - minutes * MINUTE).toISOString(), attempt: 7 },
  })
  step('OpenAccessFunction')
  step('CopyLaneFunction', 'shop', retry(29))
  expect(codes()).toEqual([])
  step('CopyLaneFunction', 'shop', retry(31))
  step('CopyLaneFunction', 'shop', retry(40))
  expect(told).toMatchObject([{ code: 'RETRY_HALF_USED', database: 'shop' }])
  expect(told[0]?.message).toBe(
    'half of the time that SRC_CONNECT_REFUSED is waited for has passed, in 7 attempts: the source refuses',
  )
  step('CopyLaneFunction', 'shop', failed(ERROR))
  step('SummariseCopyFunction', 'shop', failed(ERROR))
  alerts.ended({ status: exitStatus.failed, error: ERROR })
  expect(codes()).toEqual(['RETRY_HALF_USED', 'SRC_CONNECT_REFUSED'])
  pass(0)
  pass(24 * 60)
  expect(codes().slice(2).toSorted()).toEqual(['ACCESS_OPEN_LONG', 'NO_PROGRESS'])
  step('CloseAccessFunction')
  pass(48 * 60)
  alerts.ended({ status: exitStatus.incomplete, error: null })
  expect(codes().filter((code) => code === 'ACCESS_OPEN_LONG')).toHaveLength(1)
  expect(codes().at(-1)).toBe('RUN_INCOMPLETE')
})

test('nobody waits for a target that hangs, and what did not arrive is said without its address', async () => {
  const hanging = await webhook(() => {})
  const notifier = new Notifier([toTarget(hanging, {}), toTarget('sleep 60', {})], { atEnd: 200 })
  const began = performance.now()
  notifier.tell(MESSAGE)
  expect(performance.now() - began).toBeLessThan(100)
  expect(await notifier.end()).toMatchObject([
    { target: expect.stringMatching(/^the webhook of 127\.0\.0\.1:\d+$/), messages: 1, why: 'does not answer' },
    { target: 'the command of --notify', messages: 1, why: 'does not answer' },
  ])
  expect(performance.now() - began).toBeLessThan(5_000)
})

test('a refusal is tried again; a redirection is not followed', async () => {
  let calls = 0
  const bodies: string[] = []
  const url = await webhook(async (request, response) => {
    calls += 1
    bodies.push(await text(request))
    response.writeHead(calls === 1 ? 503 : 204).end()
  })
  const elsewhere = await webhook((_, response) => response.writeHead(302, { location: url }).end())
  const notifier = new Notifier(
    [toTarget('env:HOOK', { HOOK: url }), toTarget(elsewhere, {}), toTarget('exit 3', {})],
    {
      pauses: [1],
    },
  )
  notifier.tell(MESSAGE)
  expect((await notifier.end()).map(({ why }) => why)).toEqual(['answers 302', 'ends with status 3'])
  expect(calls).toBe(2)
  expect(JSON.parse(bodies[1] ?? '')).toEqual(MESSAGE)
})

test('a target that cannot be one is refused without being shown', () => {
  const codeOf = (given: string) => {
    try {
      toTarget(given, {})
    } catch (thrown) {
      expect((thrown as Error).message).not.toContain('hush')
      return (thrown as { code: unknown }).code
    }
    return null
  }
  expect(codeOf('env:NOWHERE')).toBe('NOTIFY_VARIABLE_MISSING')
  expect(codeOf('https://[hush')).toBe('NOTIFY_URL_INVALID')
  expect(codeOf('http://hooks.example/hush')).toBe('NOTIFY_URL_IN_CLEAR')
})

test('a run tells webhook and command of its end, with code and remedy, and says who did not take it', async () => {
  const directory = await temporaryDirectory()
  const bodies: string[] = []
  const url = await webhook(async (request, response) => {
    bodies.push(await text(request))
    response.end()
  })
  const told = join(directory, 'told.json')
  const options = withNotifyOptions(new Command())
    .parse(['--notify', url, '--notify', `cat >> '${told}'`], { from: 'user' })
    .opts<NotifyOptions>()
  const notify = toNotify(options)
  if (notify === null) throw new Error('there is somebody to be told')
  const end = { host: '127.0.0.1', user: 'a', password: 'hunter2-hunter2' }
  const input = {
    name: 'told',
    source: { ...end, port: 1 },
    destination: { ...end, port: 2 },
    databases: [{ name: 'shop' }],
  }
  const { task } = readTask(input)
  if (task === null) throw new Error('the test’s task is wrong')
  const error = { ...ERROR, kind: 'other', code: 'PRECHECK_REFUSED', message: 'refused: DST_VERSION_DIFFERS' } as const
  const { handlers } = fakeHandlers({
    PrecheckFunction: () => done({ refused: true }),
    ReportFunction: () => done({ status: 'refused', error }),
  })
  const signal = new AbortController().signal
  const run = { input, task, executionName: 'told-1', directory, display: 'none', signal, handlers, notify } as const
  expect((await runTask(run)).exitStatus).toBe(exitStatus.refused)
  const hanging = new Notifier([toTarget('sleep 60', {})], { atEnd: 1 })
  hanging.tell(MESSAGE)
  const { stderr } = await listen(async () => {
    await endNotify(notify)
    await endNotify({ ...notify, notifier: hanging })
  })
  expect(stderr.split('\n')[0]).toBe('NOTIFY_FAILED  the command of --notify did not take 1 alert: it does not answer')
  const message = JSON.parse(bodies[0] ?? '')
  expect(message).toMatchObject({ type: 'alert', run: 'told', database: null, code: 'PRECHECK_REFUSED' })
  expect(message.message).toContain('DST_VERSION_DIFFERS')
  expect(message.text).toContain(`Remedy: ${ERROR.remedy}`)
  expect(await readFile(told, 'utf8')).toBe(`${bodies[0]}\n`)
  expect(bodies.join()).not.toContain('hunter2')
})
