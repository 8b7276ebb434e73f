import { styleText } from 'node:util'
import { type DefaultRenderer, Listr, type ListrTask, type ListrTaskWrapper, type SimpleRenderer } from 'listr2'
import { durationText } from '../../lambdas/core/present/units.ts'
import { visible } from '../../lambdas/core/present/visible.ts'
import { copyLines, databaseLines } from './lines.ts'
import type { ProgressModel, StageView } from './model.ts'
import type { Display } from './shown.ts'
import { runStages, type Stage } from './stages.ts'

type Task = ListrTask<unknown, typeof DefaultRenderer, typeof SimpleRenderer>
type Wrapper = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>

/** How often counts and clocks are repainted, milliseconds. */
const REPAINT = 250

/** A list of stages that repaints itself: the run's, and those of each database inside `Migrate`, with the latest warning. */
export function liveDisplay(model: ProgressModel): Display {
  const list = new Listr<unknown, typeof DefaultRenderer, typeof SimpleRenderer>(
    runStages.map((stage) => (stage.id === 'databases' ? databasesTask(model, stage) : stageTask(model, null, stage))),
    {
      exitOnError: false,
      // Ctrl-C is the command's business: it stops the run and closes what is open.
      registerSignalListeners: false,
      rendererOptions: {
        collapseSubtasks: false,
        collapseErrors: false,
        collapseSkips: false,
        formatOutput: 'truncate',
      },
    },
  )
  const finished = list.run().then(
    () => {},
    () => {},
  )
  return {
    async end() {
      model.finish()
      await finished
    },
  }
}

/** Lines that the display keeps free: the last one, and where the cursor stands. */
const MARGIN = 2
/** Where the terminal does not say how high it is. */
const ROWS = 24
/** From so many on each database is a line. */
const COLLAPSED_FROM = 3
/** Bar and slowest tables beneath a copy. */
const COPY_LINES = 6

function roomFor(others: number): number {
  return Math.max(1, (process.stdout.rows || ROWS) - MARGIN - others)
}

/** What does not fit is repainted over and over: each database is a line then, too. */
function isCollapsed({ databases, stages }: ProgressModel): boolean {
  const expanded = databases.length * (1 + stages.length + COPY_LINES)
  return databases.length >= COLLAPSED_FROM || (databases.length > 1 && expanded > roomFor(runStages.length + 1))
}

function databasesTask(model: ProgressModel, stage: Stage): Task {
  return {
    title: stage.title,
    rendererOptions: { persistentOutput: true },
    task: async (_, task) => {
      await until(model, () => model.view(null, stage).state !== 'waiting')
      if (model.view(null, stage).state === 'skipped') {
        task.skip()
        return
      }
      const latest = () => {
        const warning = model.warnings.at(-1)
        return warning === undefined ? [] : [visible(`${warning.database}: ${warning.text}`)]
      }
      if (isCollapsed(model)) {
        const show = () => {
          const lines = [...databaseLines(model, roomFor(runStages.length + latest().length)), ...latest()]
          task.output = lines.join('\n')
        }
        show()
        const timer = setInterval(show, REPAINT)
        await until(model, () => !['waiting', 'active'].includes(model.view(null, stage).state))
        clearInterval(timer)
        show()
        if (model.view(null, stage).state === 'failed') throw new Error('failed')
        return
      }
      const warn = () => {
        const [text] = latest()
        if (text !== undefined) task.output = text
      }
      warn()
      model.onChange(warn)
      return task.newListr(
        model.databases.map((database) => ({
          title: visible(database),
          task: (_context, inner) =>
            inner.newListr(
              model.stages.map((each) => stageTask(model, database, each)),
              { exitOnError: false, concurrent: false },
            ),
        })),
        { exitOnError: false, concurrent: true },
      )
    },
  }
}

function stageTask(model: ProgressModel, database: string | null, stage: Stage): Task {
  return {
    title: stage.title,
    task: async (_, task) => {
      const view = () => model.view(database, stage)
      const beneath = () => {
        const { state, remedy } = view()
        if (state !== 'active') return ''
        if (remedy !== null) return visible(remedy)
        if (stage.id !== 'copy' || database === null) return ''
        return copyLines(model, database, process.stdout.columns || undefined)
          .slice(0, roomFor(runStages.length + model.stages.length + 2))
          .join('\n')
      }
      const timer = setInterval(() => {
        paint(task, view())
        const text = beneath()
        if (text !== '') task.output = text
      }, REPAINT)
      await until(model, () => !['waiting', 'active'].includes(view().state))
      clearInterval(timer)
      const { state, detail } = view()
      paint(task, view())
      // The last counts of a stage may be read after its end.
      if (state === 'done') model.onChange(() => paint(task, view()))
      if (state === 'skipped') task.skip()
      if (state === 'failed') throw new Error(detail === '' ? 'failed' : visible(detail))
    },
  }
}

function paint(task: Wrapper, { stage, state, detail, milliseconds }: StageView): void {
  const time = state === 'skipped' || milliseconds < 1 ? '' : durationText(milliseconds / 1000)
  const beside = [state === 'failed' ? '' : visible(detail), time].filter((text) => text !== '').join(' · ')
  task.title = beside === '' ? stage.title : `${stage.title}  ${styleText('dim', beside)}`
}

/** Resolves as soon as a condition of the model holds. */
function until(model: ProgressModel, holds: () => boolean): Promise<void> {
  if (holds()) return Promise.resolve()
  return new Promise((resolve) => {
    model.onChange(() => {
      if (holds()) resolve()
    })
  })
}
