import { durationText } from '../../lambdas/core/present/units.ts'
import { visible } from '../../lambdas/core/present/visible.ts'
import type { ProgressModel, StageView } from './model.ts'
import type { Display } from './shown.ts'

/** How often a running stage is mentioned again, milliseconds. */
const AGAIN = 5_000

/** A line when a stage begins, ends or fails, for each warning, and one every few seconds while a stage goes on: for logs and pipes. */
export function plainDisplay(
  model: ProgressModel,
  write: (line: string) => unknown = (line) => process.stdout.write(line),
): Display {
  const shown = new Map<string, string>()
  const show = (view: StageView, line: string) => {
    const where = view.database === null ? '' : `${visible(view.database)}: `
    write(`${new Date().toISOString().slice(11, 19)}  ${where}${view.stage.title}${visible(line)}\n`)
  }
  let warned = 0
  const changed = () => {
    for (const { database, text } of model.warnings.slice(warned)) {
      warned += 1
      write(`${new Date().toISOString().slice(11, 19)}  ${visible(`${database}: ${text}`)}\n`)
    }
    for (const view of model.views()) {
      const key = `${view.database ?? ''}/${view.stage.id}`
      if (shown.get(key) === view.state) continue
      const before = shown.get(key)
      shown.set(key, view.state)
      const line = describe(view, before)
      if (line !== null) show(view, line)
    }
  }
  model.onChange(changed)
  const timer = setInterval(() => {
    for (const view of model.views()) {
      if (view.state !== 'active' || view.detail === '' || view.milliseconds <= AGAIN) continue
      show(view, `: ${view.detail}${view.remedy === null ? '' : ` (${view.remedy})`}`)
    }
  }, AGAIN)
  timer.unref()
  return {
    async end() {
      clearInterval(timer)
    },
  }
}

/** What a stage's new state is worth saying; `null` where nothing is. */
function describe(view: StageView, before: string | undefined): string | null {
  const detail = view.detail === '' ? '' : `: ${view.detail}`
  switch (view.state) {
    case 'active':
      return view.stage.id === 'databases' || view.stage.id === 'copy' ? ' …' : null
    case 'done':
      return view.stage.id === 'databases' ? null : ` (${durationText(view.milliseconds / 1000)})${detail}`
    case 'failed':
      return before === 'failed' ? null : ` FAILED${detail}`
    case 'waiting':
    case 'skipped':
      return null
  }
}
