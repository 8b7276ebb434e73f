import type { EventOf, ProgressEvent } from './events.ts'
import type { ProgressModel } from './model.ts'
import type { Display } from './shown.ts'

/** At most one of a database's counts in so many milliseconds. */
const COUNTS_EVERY = 1_000
const MOST_TABLES = 20

/** Which run it is, as the `run` event tells it. */
export type RunTold = Pick<EventOf<'run'>, 'name' | 'execution' | 'mode'>

/** An event without its time. */
type Untimed<Event> = Event extends ProgressEvent ? Omit<Event, 'at'> : never

/** Tells a model's changes as events, in order. What `emit` gets is all there is: `--json` prints it, the live page shows it. */
export function tellEvents(model: ProgressModel, run: RunTold, emit: (event: ProgressEvent) => void): Display {
  const tell = (event: Untimed<ProgressEvent>) => emit({ at: new Date().toISOString(), ...event } as ProgressEvent)
  const stages = new Map<string, string>()
  const retries = new Map<string, number>()
  const counted = new Map<string, { at: number; text: string }>()
  const moving = new Map<string, ReturnType<ProgressModel['lanes']>>()
  let warned = 0

  const tellCounts = (database: string, last: boolean) => {
    const counts = model.counts(database)
    if (counts === null) return
    const text = JSON.stringify(counts.progress)
    const before = counted.get(database)
    if (before?.text === text || (!last && before !== undefined && performance.now() - before.at < COUNTS_EVERY)) return
    counted.set(database, { at: performance.now(), text })
    const { progress, left } = counts
    tell({ type: 'counts', database, ...progress, bytesPerSecond: Math.round(counts.bytesPerSecond), left })
  }

  const tellMoving = (database: string) => {
    const lanes = model.lanes(database)
    const before = moving.get(database)
    if (before === lanes || (before === undefined && lanes.length === 0)) return
    moving.set(database, lanes)
    const tables = model.slowestTables(database, MOST_TABLES).map(({ rate, ...table }) => {
      return { ...table, bytesPerSecond: Math.round(rate) }
    })
    if (lanes.length === 0 && before?.length === 0) return
    tell({ type: 'tables', database, tables })
    tell({ type: 'lanes', database, lanes })
  }

  const changed = () => {
    for (const warning of model.warnings.slice(warned)) {
      warned += 1
      tell({ type: 'warning', ...warning })
    }
    for (const { database, stage, state, milliseconds, detail, retry } of model.views()) {
      const key = `${database ?? ''}/${stage.id}`
      if (state !== 'waiting' && stages.get(key) !== state) {
        stages.set(key, state)
        tell({ type: 'stage', database, stage: stage.id, state, milliseconds: Math.round(milliseconds), detail })
      }
      if (retry === null) {
        if (retries.delete(key) && state === 'active') tell({ type: 'recovered', database, stage: stage.id })
      } else if (retries.get(key) !== retry.at) {
        retries.set(key, retry.at)
        const { code, message, remedy } = retry
        const again = new Date(Date.now() + model.untilRetry(retry)).toISOString()
        tell({ type: 'retry', database, stage: stage.id, code, message, remedy, again })
      }
    }
    for (const database of model.databases) {
      tellCounts(database, false)
      tellMoving(database)
    }
  }

  tell({ type: 'run', ...run, databases: model.databases })
  model.onChange(changed)
  return {
    async end() {
      for (const database of model.databases) tellCounts(database, true)
    },
  }
}
