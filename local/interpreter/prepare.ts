import { subsetProblems } from '../../statemachine/subset.ts'

/** A definition or a state, as JSON has it. */
export type Fields = Record<string, unknown>

/**
 * The definition as the interpreter gets it: a copy of its own, checked by the subset rules (the interpreter ignores in
 * silence what it does not know, and gives a Task without a time-out 60 seconds), every Map capped to the machine.
 * @throws Error with every rule that is broken
 */
export function prepare(definition: object, concurrency: number): Fields {
  const copy = JSON.parse(JSON.stringify(definition)) as Fields
  const problems = subsetProblems(copy)
  if (problems.length > 0) throw new Error(`the workflow cannot run on one machine: ${problems.join('; ')}`)
  for (const [, state] of everyState(copy)) {
    if (typeof state.MaxConcurrency === 'number') state.MaxConcurrency = Math.min(state.MaxConcurrency, concurrency)
  }
  return copy
}

/** Every state with its name, those of Maps and Parallels too. */
export function* everyState(scope: Fields): Generator<readonly [name: string, state: Fields]> {
  for (const [name, state] of Object.entries((scope.States ?? {}) as Record<string, Fields>)) {
    yield [name, state]
    for (const branch of (state.Branches ?? []) as Fields[]) yield* everyState(branch)
    if (state.ItemProcessor !== undefined) yield* everyState(state.ItemProcessor as Fields)
  }
}
