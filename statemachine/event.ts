import type { Template } from './asl.ts'

/** How much is known where a step stands: nothing yet, the run, one of its databases, a lane of a database. */
export type Level = 'start' | 'run' | 'database' | 'lane'

/** Which run it is, and where its servers are. */
export const RUN: Template = { 'run.$': '$.run', 'task.$': '$.task', 'list.$': '$.list', 'endpoints.$': '$.endpoints' }

/** The event of a step: lambdas/core/runtime/event.ts, field by field. */
export function stepEvent(level: Level): Template {
  const window = { 'window.$': '$.step.window', 'spent.$': '$.step.spent' }
  switch (level) {
    case 'start':
      return { 'input.$': '$.input', 'execution.$': '$.execution', ...window }
    case 'run':
      return { ...RUN, database: null, lane: null, ...window }
    case 'database':
      return { ...RUN, 'database.$': '$.database', lane: null, ...window }
    case 'lane':
      return { ...RUN, 'database.$': '$.database', 'lane.$': '$.lane', ...window }
  }
}

/** The event of the judge of a crashed step: lambdas/core/runtime/judge-handler.ts. */
export function crashEvent(level: Level, step: string): Template {
  const known = level === 'start' ? { run: null, retry: null } : { 'run.$': '$.run', 'retry.$': '$.task.retry' }
  const database = level === 'start' || level === 'run' ? { database: null } : { 'database.$': '$.database' }
  const lane = level === 'lane' ? { 'lane.$': '$.lane' } : { lane: null }
  return {
    step,
    ...known,
    ...database,
    ...lane,
    'window.$': '$.step.window',
    'spent.$': '$.step.spent',
    'crash.$': '$.crash',
  }
}

/** What a Map of one item goes over. */
const ONE_AT_A_TIME = [0]

/** What an iteration of a Map of lanes begins with. */
export const LANE_ITEM: Template = {
  ...RUN,
  'database.$': '$.database',
  'lane.$': '$$.Map.Item.Value',
  chapters: ONE_AT_A_TIME,
  step: { window: null, spent: 0 },
}

/** What an iteration of the Databases map begins with. Inside it `$$.Execution.Name` is the child's: `run` carries ours. */
export const DATABASE_ITEM: Template = {
  ...RUN,
  'place.$': '$$.Map.Item.Value',
  step: { window: null, spent: 0 },
}

/** What the states of a database go on with: its names, and the task with its lists of tables alone. */
export const DATABASE: Template = {
  ...RUN,
  'task.$': '$.step.output.task',
  'place.$': '$.place',
  'database.$': '$.step.output.database',
  chapters: ONE_AT_A_TIME,
  step: { window: null, spent: 0 },
}
