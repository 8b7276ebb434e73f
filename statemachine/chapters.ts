import type { MapState, PassState, States } from './asl.ts'
import { type Level, RUN } from './event.ts'
import { catchAll, helpersOf, type Step, step } from './step.ts'

/** A step that may go on for weeks. */
export interface LongStep extends Omit<Step, 'spent'> {
  readonly level: Exclude<Level, 'start' | 'run'>
  /** So many events it may have in the execution where it begins, which others may share. @default a chapter's */
  readonly first?: number
}

/**
 * Events of a chapter, as steps count them. Step Functions ends an execution at 25,000; what is not counted (attempts of a Retry,
 * 2,160 at most in one call of the judge) has the rest.
 */
const CHAPTER_EVENTS = 9_000

/**
 * A retrying step in chapters, so that neither work nor waiting ends with an execution's history. The first chapter is in the
 * execution around it, which costs nothing and is all that most runs need; when its events are used up the step goes on in an
 * execution of its own (a distributed Map of one item), and then in another one. What is lost between two calls is lost
 * between two chapters, nothing: the ledger has it, and an open retry window goes with it.
 */
export function chapters(options: LongStep): States {
  const { name, level, first = CHAPTER_EVENTS } = options
  const again = `${name}GoesOn`
  const end = `End${again}`
  const { more, afterMore, lost } = helpersOf(name)
  const chapter: MapState = {
    Type: 'Map',
    Comment: `${name} in an execution of its own: the history of this one is used up for it`,
    Label: more,
    ItemsPath: '$.chapters',
    MaxConcurrency: 1,
    ItemSelector: {
      ...RUN,
      'database.$': '$.database',
      ...(level === 'lane' ? { 'lane.$': '$.lane' } : {}),
      step: { 'window.$': '$.step.window', spent: 0 },
    },
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: again,
      States: {
        ...step({
          ...options,
          name: again,
          title: name,
          done: end,
          yielded: end,
          failed: end,
          spent: { events: CHAPTER_EVENTS, next: end },
        }),
        [end]: endOfChapter(),
      },
    },
    ResultSelector: {
      'verdict.$': '$[0].verdict',
      'window.$': '$[0].window',
      'error.$': '$[0].error',
      pause: 0,
      output: null,
      spent: 0,
    },
    ResultPath: '$.step',
    Catch: [catchAll(lost)],
    Next: afterMore,
  }
  return {
    ...step({ ...options, spent: { events: first, next: more } }),
    [more]: chapter,
    [afterMore]: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.step.verdict', StringEquals: 'done', Next: options.done },
        { Variable: '$.step.verdict', StringEquals: 'yield', Next: options.yielded ?? name },
        { Variable: '$.step.verdict', StringEquals: 'failed', Next: options.failed },
      ],
      Default: more,
    },
  }
}

/** A chapter ends as its last call did: where there is more to do, in another one. */
function endOfChapter(): PassState {
  return {
    Type: 'Pass',
    Parameters: { 'verdict.$': '$.step.verdict', 'window.$': '$.step.window', 'error.$': '$.step.error' },
    End: true,
  }
}
