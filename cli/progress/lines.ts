import { bytesText, durationText } from '../../lambdas/core/present/units.ts'
import { visible } from '../../lambdas/core/present/visible.ts'
import { describeLeft } from './counts.ts'
import type { ProgressModel, TableProgress } from './model.ts'

/** Tables that are told one by one. */
const MOST_TABLES = 5
const BAR_CELLS = 20
/** Where the terminal does not say how wide it is. */
const COLUMNS = 80
/** What stands before a table's name, the display's indent with it; and what a name gets at least. */
const BESIDE_NAME = 56
const LEAST_NAME = 12

/** Such as `█████░░░░░  45 %`. Pure. */
function bar(done: number, all: number, cells = BAR_CELLS): string {
  const part = all === 0 ? 0 : Math.min(1, done / all)
  const full = Math.floor(part * cells)
  return `${'█'.repeat(full)}${'░'.repeat(cells - full)} ${String(Math.floor(part * 100)).padStart(3)} %`
}

/** Beneath a copy that goes on: how far all of it is, and the tables that take longest. */
export function copyLines(model: ProgressModel, database: string, columns = COLUMNS): readonly string[] {
  const counts = model.counts(database)
  if (counts === null || counts.progress.bytes === 0) return []
  const { bytes, bytesDone, bytesMoving } = counts.progress
  return [
    bar(bytesDone + bytesMoving, bytes),
    ...model.slowestTables(database, MOST_TABLES).map((table) => tableLine(table, columns)),
  ]
}

/** `  12 %  1.2 GB  12.0 MB/s  1 min 20 s left  public.orders` */
function tableLine({ name: named, bytes, bytesDone, bytesMoving, rate }: TableProgress, columns: number): string {
  const moved = bytesDone + bytesMoving
  const percent = `${bytes === 0 ? 100 : Math.min(100, Math.floor((100 * moved) / bytes))} %`
  const speed = rate === 0 ? '' : `${bytesText(rate)}/s`
  const seconds = rate === 0 ? 0 : Math.max(0, bytes - moved) / rate
  const left = seconds < 1 ? '' : `${durationText(seconds)} left`
  const room = Math.max(LEAST_NAME, columns - BESIDE_NAME)
  // What tells one long name from another is its end.
  const name = visible(named)
  const short = name.length <= room ? name : `…${name.slice(1 - room)}`
  return `${percent.padStart(5)}  ${bytesText(bytes).padStart(7)}  ${speed.padStart(9)}  ${left.padEnd(17)}  ${short}`
}

/**
 * One line for each database, those at work first, and what there is no room for in one more.
 * @param room lines there are
 */
export function databaseLines(model: ProgressModel, room: number): readonly string[] {
  const states = model.databases.map((name) => ({ name: visible(name), ...stateOf(model, name) }))
  const order = { failed: 0, active: 1, done: 2, waiting: 3 } as const
  const sorted = states.toSorted((one, other) => order[one.state] - order[other.state])
  const shown = sorted.slice(0, sorted.length > room ? Math.max(1, room - 1) : room)
  const rest = sorted.slice(shown.length)
  const count = (state: string) => rest.filter((one) => one.state === state).length
  const more = (['failed', 'active', 'done', 'waiting'] as const).flatMap((state) =>
    count(state) === 0 ? [] : [`${count(state)} ${state === 'active' ? 'at work' : state}`],
  )
  const wide = Math.min(24, Math.max(...shown.map(({ name }) => name.length)))
  return [
    ...shown.map(({ name, text }) => `${cut(name, wide).padEnd(wide)}  ${text}`),
    ...(rest.length === 0 ? [] : [`and ${rest.length} more: ${more.join(', ')}`]),
  ]
}

interface DatabaseState {
  readonly state: 'failed' | 'active' | 'done' | 'waiting'
  readonly text: string
}

function stateOf(model: ProgressModel, database: string): DatabaseState {
  const views = model.stages.map((stage) => model.view(database, stage))
  const failed = views.find(({ state }) => state === 'failed')
  if (failed !== undefined) return { state: 'failed', text: `✖ ${failed.stage.title}: ${visible(failed.detail)}` }
  // Of two stages side by side the earlier one has the rows.
  const active = views.find(({ state }) => state === 'active')
  const counts = model.counts(database)
  if (active === undefined) {
    const ended = views.every(({ state }) => state === 'done' || state === 'skipped')
    if (!ended || views.every(({ state }) => state === 'skipped')) return { state: 'waiting', text: 'waits' }
    return { state: 'done', text: '✔ done' }
  }
  if (active.stage.id !== 'copy' || counts === null || active.remedy !== null) {
    return {
      state: 'active',
      text: `${active.stage.title}${active.detail === '' ? '' : `  ${visible(active.detail)}`}`,
    }
  }
  const { bytes, bytesDone, bytesMoving } = counts.progress
  const speed = counts.bytesPerSecond === 0 ? [] : [`${bytesText(counts.bytesPerSecond)}/s`]
  const words = [`${bar(bytesDone + bytesMoving, bytes, 10)} of ${bytesText(bytes)}`, ...speed, ...describeLeft(counts)]
  return { state: 'active', text: words.join(', ') }
}

function cut(name: string, wide: number): string {
  return name.length <= wide ? name : `${name.slice(0, wide - 1)}…`
}
