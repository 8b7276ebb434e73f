import type { ChoiceRule, ChoiceState, Scope, State } from './asl.ts'
import { helpersOf } from './step.ts'

/** A way from one drawn state to another. */
export interface Edge {
  readonly from: string
  readonly to: string
  /** The condition, empty where there is none. */
  readonly label: string
  readonly kind: 'normal' | 'failed'
}

/**
 * The states of a scope as a reader thinks of them: a step with its retry loop is one, what only carries data is none.
 */
export function drawnStates(scope: Scope): readonly (readonly [name: string, state: State])[] {
  const helpers = new Set(Object.keys(scope.States).flatMap((name) => Object.values(helpersOf(name))))
  return Object.entries(scope.States).filter(([name, state]) => {
    if (helpers.has(name)) return false
    if (state.Type === 'Choice') return targetsOf(scope, state).size > 1
    return state.Type !== 'Pass' || (state.End === true && callersOf(scope, name) > 1)
  })
}

/** Every way between the drawn states of a scope, each once. */
export function edgesOf(scope: Scope): readonly Edge[] {
  const edges = drawnStates(scope).flatMap(([name, state]) => leave(scope, name, state))
  const known = new Set<string>()
  return edges.filter((edge) => {
    const key = `${edge.from}\n${edge.to}\n${edge.kind}`
    if (edge.from === edge.to || known.has(key)) return false
    known.add(key)
    return true
  })
}

function leave(scope: Scope, from: string, state: State): readonly Edge[] {
  if (state.Type === 'Choice') {
    return rulesOf(state).flatMap(([rule, to]) => edge(scope, from, to, rule === null ? 'else' : condition(rule)))
  }
  const caught = 'Catch' in state ? state.Catch.map((catcher) => catcher.Next) : []
  // A crash of a step is judged and comes back to its Choice; a Map or Parallel that breaks does not.
  const broken = state.Type === 'Task' ? [] : caught.flatMap((to) => edge(scope, from, to, '', 'failed'))
  if (!('Next' in state) || state.Next === undefined) return broken
  const after = scope.States[helpersOf(from).after]
  if (after?.Type !== 'Choice') return [...edge(scope, from, state.Next, ''), ...broken]
  const step = state.Type === 'Task'
  const ways = rulesOf(after).flatMap(([rule, to]) => {
    // What is left is the failure of a step; of lanes that are neither done nor failed it is another round.
    if (rule === null) return step ? edge(scope, from, to, '', 'failed') : edge(scope, from, to, 'yield')
    if (rule.StringEquals === 'failed') return edge(scope, from, to, '', 'failed')
    return edge(scope, from, to, rule.StringEquals === 'done' ? '' : condition(rule))
  })
  return [...ways, ...broken]
}

function edge(scope: Scope, from: string, to: string, label: string, kind: Edge['kind'] = 'normal'): readonly Edge[] {
  const target = follow(scope, to)
  return target === null ? [] : [{ from, to: target, label, kind }]
}

/** The next drawn state on a way; `null` where the way ends. */
function follow(scope: Scope, name: string): string | null {
  const drawn = drawnNames(scope)
  for (let current: string | undefined = name; current !== undefined; ) {
    if (drawn.has(current)) return current
    const state: State | undefined = scope.States[current]
    if (state?.Type === 'Choice') current = state.Default
    else if (state?.Type === 'Wait' || (state?.Type === 'Pass' && state.Next !== undefined)) current = state.Next
    else return null
  }
  return null
}

const drawnCache = new WeakMap<Scope, ReadonlySet<string>>()

function drawnNames(scope: Scope): ReadonlySet<string> {
  const known = drawnCache.get(scope) ?? new Set(drawnStates(scope).map(([name]) => name))
  drawnCache.set(scope, known)
  return known
}

/** Where a Choice leads when the states that only carry data are left out. */
function targetsOf(scope: Scope, choice: ChoiceState): ReadonlySet<string> {
  return new Set(
    rulesOf(choice).map(([, to]) => {
      const state = scope.States[to]
      return state?.Type === 'Pass' && state.Next !== undefined ? state.Next : to
    }),
  )
}

/** From how many steps a state is reached; the helpers of a step count as one with it. */
function callersOf(scope: Scope, name: string): number {
  // What a chapter leads to, its step leads to.
  const chapters = new Set(Object.keys(scope.States).map((each) => helpersOf(each).afterMore))
  return Object.entries(scope.States).filter(([caller, state]) => {
    if (chapters.has(caller)) return false
    if (state.Type === 'Choice') return rulesOf(state).some(([, to]) => to === name)
    return 'Next' in state && state.Next === name
  }).length
}

function rulesOf(choice: ChoiceState): readonly (readonly [rule: ChoiceRule | null, to: string])[] {
  return [...choice.Choices.map((rule) => [rule, rule.Next] as const), [null, choice.Default] as const]
}

/** `$.task.mode` equals `plan` reads as `mode plan`. */
function condition(rule: ChoiceRule): string {
  const name = rule.Variable.split('.').at(-1) ?? rule.Variable
  if (rule.BooleanEquals !== undefined) return name
  if (rule.IsNull === true) return `no ${name}`
  if (rule.NumericEqualsPath !== undefined) return `${name} is ${rule.NumericEqualsPath.split('.').at(-1)}`
  const value = rule.StringEquals ?? rule.StringMatches ?? ''
  return name === 'verdict' || name === 'status' ? value : `${name} ${value}`
}
