/**
 * The part of the Amazon States Language that the workflow uses: JSONPath, no variables, no JSONata. The interpreter on one
 * machine ignores what it does not know without a word, so what is not here cannot be written by mistake; subset.ts checks
 * the finished definition once more.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A payload template: a key ending in `.$` holds a path or an intrinsic function. */
export type Template = { readonly [key: string]: Json }

export interface Catcher {
  readonly ErrorEquals: readonly string[]
  readonly ResultPath: string
  readonly Next: string
}

/** Static integers only: Step Functions takes no expressions here. */
export interface Retrier {
  readonly ErrorEquals: readonly string[]
  readonly IntervalSeconds: number
  readonly BackoffRate: number
  readonly MaxDelaySeconds: number
  readonly MaxAttempts: number
  readonly JitterStrategy: 'FULL' | 'NONE'
}

interface Described {
  /** Shown in the console and in the generated picture. */
  readonly Comment?: string
}

export interface TaskState extends Described {
  readonly Type: 'Task'
  readonly Resource: string
  readonly TimeoutSeconds: number
  readonly Parameters: Template
  readonly ResultSelector: Template
  readonly ResultPath: string
  readonly Retry: readonly Retrier[]
  readonly Catch: readonly Catcher[]
  readonly Next: string
}

export interface ChoiceRule {
  readonly Variable: string
  readonly StringEquals?: string
  readonly StringMatches?: string
  readonly BooleanEquals?: boolean
  readonly NumericEqualsPath?: string
  readonly NumericGreaterThanEquals?: number
  /** Only `true`: with `false` the interpreter on one machine never matches. */
  readonly IsNull?: true
  readonly Next: string
}

export interface ChoiceState extends Described {
  readonly Type: 'Choice'
  readonly Choices: readonly ChoiceRule[]
  readonly Default: string
}

export interface WaitState extends Described {
  readonly Type: 'Wait'
  readonly SecondsPath: string
  readonly Next: string
}

export interface PassState extends Described {
  readonly Type: 'Pass'
  readonly InputPath?: string
  readonly Parameters?: Template
  readonly ResultPath?: string
  readonly Next?: string
  readonly End?: true
}

export interface MapState extends Described {
  readonly Type: 'Map'
  readonly Label: string
  readonly ItemsPath: string
  readonly MaxConcurrency: number
  readonly ItemSelector: Template
  readonly ItemProcessor: Scope & {
    readonly ProcessorConfig: { readonly Mode: 'DISTRIBUTED'; readonly ExecutionType: 'STANDARD' }
  }
  readonly ResultSelector?: Template
  readonly ResultPath: string
  readonly Catch: readonly Catcher[]
  readonly Next: string
}

export interface ParallelState extends Described {
  readonly Type: 'Parallel'
  readonly Branches: readonly Scope[]
  readonly ResultSelector: Template
  readonly ResultPath: string
  readonly Catch: readonly Catcher[]
  readonly Next: string
}

export interface SucceedState extends Described {
  readonly Type: 'Succeed'
}

export interface FailState extends Described {
  readonly Type: 'Fail'
  readonly Error?: string
  readonly Cause?: string
  readonly ErrorPath?: string
  readonly CausePath?: string
}

export type State =
  | TaskState
  | ChoiceState
  | WaitState
  | PassState
  | MapState
  | ParallelState
  | SucceedState
  | FailState

export type States = Readonly<Record<string, State>>

/** A set of states that is entered at one of them: the whole workflow, a Map's iteration, a branch. */
export interface Scope {
  readonly StartAt: string
  readonly States: States
}

export interface Definition extends Scope {
  readonly Comment: string
  readonly TimeoutSeconds: number
}

/** Every state of a scope and of the scopes inside it, outermost first. */
export function* everyState(scope: Scope): Generator<readonly [name: string, state: State]> {
  for (const [name, state] of Object.entries(scope.States)) {
    yield [name, state]
    for (const inner of innerScopes(state)) yield* everyState(inner)
  }
}

/** The scopes a state holds: the branches of a Parallel, the iteration of a Map. */
export function innerScopes(state: State): readonly Scope[] {
  if (state.Type === 'Map') return [state.ItemProcessor]
  if (state.Type === 'Parallel') return state.Branches
  return []
}
