import { jsonDisplay } from './json.ts'
import { liveDisplay } from './live.ts'
import type { ProgressModel } from './model.ts'
import { plainDisplay } from './plain.ts'
import type { Display } from './shown.ts'
import type { RunTold } from './tell.ts'

export type DisplayKind = 'auto' | 'json' | 'none'

/** The display that fits where the output goes: a terminal is repainted, everything else gets lines. */
export function startDisplay(kind: DisplayKind, model: ProgressModel, run: RunTold): Display {
  if (kind === 'none') return { end: async () => {} }
  if (kind === 'json') return jsonDisplay(model, run)
  const isTerminal = process.stdout.isTTY && process.env.TERM !== 'dumb' && !process.env.CI
  return isTerminal ? liveDisplay(model) : plainDisplay(model)
}
