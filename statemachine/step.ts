import type { Catcher, ChoiceRule, PassState, Retrier, States, TaskState, Template } from './asl.ts'
import { crashEvent, type Level, stepEvent } from './event.ts'
import type { FunctionName } from './functions.ts'

/** One retrying step. */
export interface Step {
  /** The state's name; those of its helpers are made of it. Unique in the whole workflow. */
  readonly name: string
  readonly comment: string
  readonly calls: FunctionName
  readonly level: Level
  /** Fields of the event beyond those of its level. */
  readonly extra?: Template
  /** How long a call may take. @default what a Lambda lives */
  readonly seconds?: number
  /** Where `done` leads. */
  readonly done: string
  /** Where `failed` leads, with the error in `$.step.error`. */
  readonly failed: string
  /** Where `yield` leads. @default the step again */
  readonly yielded?: string
  /** What the judge calls it. @default its name */
  readonly title?: string
  /** Where it leads when there is more to do, and the history has so many events already. @default the step again */
  readonly spent?: { readonly events: number; readonly next: string }
}

/** A Lambda lives 15 minutes; the interpreter on one machine would give a Task without a time-out 60 seconds. */
const STEP_SECONDS = 900
const JUDGE_SECONDS = 60

const NO_ROOM = 'Lambda.TooManyRequestsException'

/** Errors of the Lambda service, not of the function: the call did not happen. The only static Retry of a step. */
const LAMBDA_SERVICE: Retrier = {
  ErrorEquals: [NO_ROOM, 'Lambda.ServiceException', 'Lambda.AWSLambdaException', 'Lambda.SdkClientException'],
  IntervalSeconds: 2,
  BackoffRate: 2,
  MaxDelaySeconds: 60,
  MaxAttempts: 6,
  JitterStrategy: 'FULL',
}

/** The judge has nobody to judge it: where the account has no room for it, it waits as long as a connection may be lost. */
const JUDGE_WITHOUT_ROOM: Retrier = {
  ErrorEquals: [NO_ROOM],
  IntervalSeconds: 2,
  BackoffRate: 2,
  MaxDelaySeconds: 60,
  MaxAttempts: 720,
  JitterStrategy: 'FULL',
}

/** The judge has nobody to judge it. */
const JUDGE_RETRY: Retrier = {
  ErrorEquals: ['States.ALL'],
  IntervalSeconds: 5,
  BackoffRate: 2,
  MaxDelaySeconds: 60,
  MaxAttempts: 5,
  JitterStrategy: 'NONE',
}

/**
 * The states of one retrying step: the retry loop of the whole workflow, written once. The decision is the handler's, the
 * waiting is here: the Task, a Choice on its verdict, a Wait for its pause, and for what a handler cannot catch itself
 * (time-out, out of memory) a second Task that judges by the same rule.
 */
export function step(options: Step): States {
  const { name, level } = options
  const { after, pause, judge, lost } = helpersOf(name)
  const call = invoke(options.calls, { ...stepEvent(level), ...options.extra })
  return {
    [name]: {
      Comment: options.comment,
      ...call,
      TimeoutSeconds: options.seconds ?? STEP_SECONDS,
      Retry: [LAMBDA_SERVICE],
      Catch: [catchAll(judge)],
      Next: after,
    },
    [judge]: {
      ...invoke('JudgeCrashFunction', crashEvent(level, options.title ?? name)),
      TimeoutSeconds: JUDGE_SECONDS,
      Retry: [JUDGE_WITHOUT_ROOM, JUDGE_RETRY],
      Catch: [catchAll(lost)],
      Next: after,
    },
    [lost]: lose(name, after),
    [after]: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.step.verdict', StringEquals: 'done', Next: options.done },
        { Variable: '$.step.verdict', StringEquals: 'yield', Next: options.yielded ?? name },
        ...whenSpent(options),
        { Variable: '$.step.verdict', StringEquals: 'more', Next: name },
        { Variable: '$.step.verdict', StringEquals: 'retry', Next: pause },
      ],
      Default: options.failed,
    },
    [pause]: { Type: 'Wait', SecondsPath: '$.step.pause', Next: name },
  }
}

function whenSpent({ spent, failed }: Step): readonly ChoiceRule[] {
  if (spent === undefined) return []
  return [
    { Variable: '$.step.verdict', StringEquals: 'failed', Next: failed },
    { Variable: '$.step.spent', NumericGreaterThanEquals: spent.events, Next: spent.next },
  ]
}

/** The names of a step's helper states. */
export function helpersOf(name: string) {
  return {
    after: `After${name}`,
    pause: `PauseBefore${name}`,
    judge: `JudgeCrashOf${name}`,
    lost: `GiveUp${name}`,
    more: `MoreOf${name}`,
    afterMore: `AfterMoreOf${name}`,
  }
}

/** Catches everything and keeps it in `$.crash`. */
export function catchAll(next: string): Catcher {
  return { ErrorEquals: ['States.ALL'], ResultPath: '$.crash', Next: next }
}

/** Turns `$.crash`, which nobody judged, into a failed step. */
export function lose(name: string, next: string): PassState {
  return {
    Type: 'Pass',
    Parameters: {
      verdict: 'failed',
      pause: 0,
      window: null,
      error: {
        kind: 'other',
        code: 'STEP_LOST',
        'message.$': `States.Format('${name} broke with {}, and nothing could judge it', $.crash.Error)`,
        remedy: 'read the logs of the function and of its judge, then start the task again: it continues where it was',
      },
      output: null,
      'spent.$': '$.step.spent',
    },
    ResultPath: '$.step',
    Next: next,
  }
}

/** A call of a function whose answer, all six fields, lands in `$.step`. */
function invoke(
  functionName: FunctionName,
  payload: Template,
): Pick<TaskState, 'Type' | 'Resource' | 'Parameters' | 'ResultSelector' | 'ResultPath'> {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { FunctionName: `\${${functionName}}`, Payload: payload },
    ResultSelector: {
      'verdict.$': '$.Payload.verdict',
      'pause.$': '$.Payload.pause',
      'window.$': '$.Payload.window',
      'error.$': '$.Payload.error',
      'output.$': '$.Payload.output',
      'spent.$': '$.Payload.spent',
    },
    ResultPath: '$.step',
  }
}
