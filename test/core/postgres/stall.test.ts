import { expect, test } from 'vitest'
import type { Session } from '../../../lambdas/core/postgres/connect.ts'
import { StallWatch, type Standing } from '../../../lambdas/core/postgres/stall.ts'

const SILENT = 60_000

/** A session whose driver waits for an answer, or not, and whose socket counts what the test says. */
function pretend(side: Session['side'], asked = true) {
  const stream = { bytesRead: 0, bytesWritten: 0, writableLength: 0 }
  const state = { stream, asked }
  const client = {
    connection: { stream },
    _getActiveQuery: () => state.asked,
    _queryQueue: [],
    _sentQueryQueue: [],
  }
  return { ...state, state, session: { side, backend: 7, client } as unknown as Session }
}

function watchOf(sessions: readonly Session[], holding = { byLimits: () => false, byDestination: () => false }) {
  let now = 0
  const watch = new StallWatch(
    () => sessions,
    holding,
    () => now,
  )
  watch.silence()
  /** Two looks after a silence. */
  const after = async (milliseconds: number, standing: Standing) => {
    now += milliseconds
    await watch.stalled(SILENT, async () => standing)
    return (await watch.stalled(SILENT, async () => standing))?.session ?? null
  }
  const pass = (milliseconds: number) => {
    now += milliseconds
  }
  return { watch, after, pass }
}

test('silence is no stall while the server works, and is one where it waits for us as we wait for it', async () => {
  const { session } = pretend('source')
  const { after } = watchOf([session])
  expect(await after(10 * SILENT, 'works')).toBe(null)
  expect(await after(0, 'waits')).toBe(session)
})

test('a server that cannot be asked is given five times as long', async () => {
  const { session } = pretend('destination')
  const { after } = watchOf([session])
  expect(await after(4 * SILENT, null)).toBe(null)
  expect(await after(SILENT, null)).toBe(session)
})

test('bytes that move, limits that hold the stream, and nothing to wait for are no silence', async () => {
  const moving = pretend('source')
  const first = watchOf([moving.session])
  first.pass(SILENT)
  moving.stream.bytesRead = 1
  expect(await first.after(0, 'waits')).toBe(null)

  const held = watchOf([pretend('source').session], { byLimits: () => true, byDestination: () => false })
  expect(await held.after(2 * SILENT, 'waits')).toBe(null)

  const idle = pretend('source', false)
  expect(await watchOf([idle.session]).after(2 * SILENT, 'waits')).toBe(null)
})

test('an answer that was on its way while the server was asked counts', async () => {
  const { session, stream } = pretend('source')
  const { watch, pass } = watchOf([session])
  pass(SILENT)
  expect(await watch.stalled(SILENT, async () => 'waits')).toBe(null)
  stream.bytesRead = 1
  expect(await watch.stalled(SILENT, async () => 'waits')).toBe(null)
})

test('the destination is not blamed while the source has more to send, and is where it takes nothing', async () => {
  const [source, destination] = [pretend('source'), pretend('destination')]
  const sessions = [source.session, destination.session]
  const blamed = async (full: boolean) =>
    watchOf(sessions, { byLimits: () => false, byDestination: () => full }).after(SILENT, 'waits')
  expect(await blamed(false)).toBe(source.session)
  expect(await blamed(true)).toBe(destination.session)
  source.state.asked = false
  expect(await blamed(false)).toBe(destination.session)
})
