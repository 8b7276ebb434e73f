import type { ProgressModel } from './model.ts'
import type { Display } from './shown.ts'

/** At most one line of counts per database and second. */
const COUNTS_EVERY = 1_000

/**
 * One JSON object per line. `{"type":"stage", "at", "database", "stage", "state", "milliseconds", "detail"}` when a stage's
 * state changes; `{"type":"warning", "at", "database", "text"}`; `{"type":"counts", "at", "database", …}` with the numbers of the ledger.
 */
export function jsonDisplay(
  model: ProgressModel,
  write: (line: string) => unknown = (line) => process.stdout.write(line),
): Display {
  const shown = new Map<string, string>()
  const counted = new Map<string, { at: number; text: string }>()
  const print = (value: object) => write(`${JSON.stringify({ at: new Date().toISOString(), ...value })}\n`)

  const printCounts = (database: string, force: boolean) => {
    const counts = model.counts(database)
    if (counts === null) return
    const text = JSON.stringify(counts.progress)
    const last = counted.get(database)
    if (last?.text === text || (!force && last !== undefined && performance.now() - last.at < COUNTS_EVERY)) return
    counted.set(database, { at: performance.now(), text })
    const bytesPerSecond = Math.round(counts.bytesPerSecond)
    print({ type: 'counts', database, ...counts.progress, bytesPerSecond })
  }

  let warned = 0
  model.onChange(() => {
    for (const warning of model.warnings.slice(warned)) {
      warned += 1
      print({ type: 'warning', ...warning })
    }
    for (const { database, stage, state, milliseconds, detail } of model.views()) {
      const key = `${database ?? ''}/${stage.id}`
      if (state === 'waiting' || shown.get(key) === state) continue
      shown.set(key, state)
      print({ type: 'stage', database, stage: stage.id, state, milliseconds: Math.round(milliseconds), detail })
    }
    for (const database of model.databases) printCounts(database, false)
  })
  return {
    async end() {
      for (const database of model.databases) printCounts(database, true)
    },
  }
}
