import type { ProgressEvent } from './events.ts'
import type { ProgressModel } from './model.ts'
import type { Display } from './shown.ts'
import { type RunTold, tellEvents } from './tell.ts'

/** One JSON object per line: `events.ts` says which. */
export function jsonDisplay(
  model: ProgressModel,
  run: RunTold,
  write: (line: string) => unknown = (line) => process.stdout.write(line),
): Display {
  return tellEvents(model, run, (event) => write(eventLine(event)))
}

export function eventLine(event: ProgressEvent): string {
  return `${JSON.stringify(event)}\n`
}
