import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { everyState, innerScopes, type Scope, type State } from '../../statemachine/asl.ts'
import { FUNCTIONS } from '../../statemachine/functions.ts'
import { toDefinition } from '../../statemachine/migration.ts'

interface Validation {
  readonly isValid: boolean
  errorsText(separator: string): string
}
const validate: (definition: unknown, options?: object) => Validation = createRequire(import.meta.url)('asl-validator')

/** The names a state leads to. */
function nexts(state: State): readonly string[] {
  const names: string[] = []
  if ('Next' in state && state.Next !== undefined) names.push(state.Next)
  if ('Default' in state) names.push(state.Default, ...state.Choices.map((choice) => choice.Next))
  if ('Catch' in state) names.push(...state.Catch.map((catcher) => catcher.Next))
  return names
}

/** What can be reached in a scope from a state without passing through `without`. */
function reachable(scope: Scope, from: string, without: string): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (name: string) => {
    const state = scope.States[name]
    if (state === undefined || name === without || found.has(name)) return
    found.add(name)
    for (const next of nexts(state)) visit(next)
  }
  visit(from)
  return found
}

function endsOf(scope: Scope, names: ReadonlySet<string>) {
  return [...names].filter((name) => {
    const state = scope.States[name]
    return state !== undefined && nexts(state).length === 0
  })
}

function scopesOf(definition: Scope): readonly Scope[] {
  return [definition, ...[...everyState(definition)].flatMap(([, state]) => innerScopes(state))]
}

describe('the workflow', () => {
  const definition = toDefinition()

  test('is valid for Step Functions', () => {
    const { isValid, errorsText } = validate(definition, { checkPaths: true, checkArn: true })
    expect(errorsText('\n')).toBe('')
    expect(isValid).toBe(true)
  })

  test('the validator would have noticed', () => {
    const broken = { ...definition, StartAt: 'Nowhere' }
    expect(validate(broken, { checkPaths: true }).isValid).toBe(false)
  })

  test('is JSON, and small beside the 1 MiB that Step Functions takes', () => {
    const text = JSON.stringify(definition)
    expect(JSON.parse(text)).toEqual(definition)
    expect(text.length).toBeLessThan(160 * 1024)
  })

  test('calls every function of the list, and no other', () => {
    const called = new Set(
      [...everyState(definition)].flatMap(([, state]) =>
        state.Type === 'Task' ? [state.Parameters.FunctionName] : [],
      ),
    )
    expect([...called].sort()).toEqual(FUNCTIONS.map((name) => `\${${name}}`).sort())
  })

  test('once access may be open, no way leads past Report, CloseAccess and FinishReport', () => {
    expect(endsOf(definition, reachable(definition, 'OpenAccess', 'CloseAccess'))).toEqual([])
    expect(reachable(definition, 'OpenAccess', 'Report')).not.toContain('CloseAccess')
    expect(endsOf(definition, reachable(definition, 'CloseAccess', 'FinishReport'))).toEqual([])
  })

  test('before access is opened, the run can only end or open it', () => {
    const before = reachable(definition, 'Begin', 'OpenAccess')
    expect(endsOf(definition, before).sort()).toEqual(['StartedAlready', 'TaskInvalid', 'TaskUnread'])
  })

  test('a failure to close what was opened never ends in success', () => {
    expect(reachable(definition, 'AccessLeftOpen', '')).not.toContain('Succeeded')
    const after = definition.States.AfterCloseAccess
    expect(after?.Type === 'Choice' && after.Default).toBe('KeepClosingFailure')
    const closed = definition.States.IsAccessClosed
    expect(closed?.Type === 'Choice' && closed.Default).toBe('TellAccessLeftOpen')
  })

  test('no way into a Fail state loses what to do: its cause has the remedy', () => {
    const failing = scopesOf(definition).flatMap((scope) =>
      Object.entries(scope.States).flatMap(([name, state]) => (state.Type === 'Fail' ? [{ scope, name, state }] : [])),
    )
    expect(failing.length).toBeGreaterThan(5)
    for (const { scope, name, state } of failing) {
      expect(state, name).toMatchObject({ Type: 'Fail', ErrorPath: '$.error', CausePath: '$.cause' })
      for (const [caller, before] of Object.entries(scope.States)) {
        if (!nexts(before).includes(name)) continue
        const cause = before.Type === 'Pass' ? String(before.Parameters?.['cause.$']) : `of ${caller}`
        expect(cause, name).toMatch(/^States\.Format\(.*\.message, .*\.remedy\)$/)
      }
    }
  })

  test('what fails inside a branch is kept before it: who catches it learns a code and a text', () => {
    for (const [name, state] of everyState(definition)) {
      if (state.Type !== 'Parallel') continue
      for (const scope of state.Branches) {
        for (const end of endsOf(scope, reachable(scope, scope.StartAt, ''))) {
          if (scope.States[end]?.Type !== 'Fail') continue
          expect(reachable(scope, scope.StartAt, 'KeepCopyingError'), name).not.toContain(end)
        }
      }
    }
  })

  test('what is caught is judged, or becomes an error with a remedy: of a branch that failed its own', () => {
    for (const scope of scopesOf(definition)) {
      for (const [name, state] of Object.entries(scope.States)) {
        for (const { Next } of 'Catch' in state ? state.Catch : []) {
          const caught = scope.States[Next]
          const kept = caught?.Type === 'Choice' ? nexts(caught).map((next) => scope.States[next]) : [caught]
          for (const one of kept) {
            const made = one !== undefined && 'Parameters' in one ? JSON.stringify(one.Parameters) : ''
            expect(made, `${name} to ${Next}`).toMatch(
              /"crash\.\$":"\$\.crash"|"error":\{.*"remedy":"\w|^{"code\.\$":"\$\.crash\.Error"}$/,
            )
          }
        }
      }
    }
  })

  test('an iteration of a Map never fails: it ends with a verdict', () => {
    for (const [name, state] of everyState(definition)) {
      if (state.Type !== 'Map') continue
      for (const [inner, innerState] of Object.entries(state.ItemProcessor.States)) {
        expect(innerState.Type, `${inner} in ${name}`).not.toBe('Fail')
        if (innerState.Type === 'Map' || innerState.Type === 'Parallel') expect(innerState.Catch).toHaveLength(1)
      }
      const scope = state.ItemProcessor
      for (const end of endsOf(scope, reachable(scope, scope.StartAt, ''))) {
        const last = scope.States[end]
        expect(last?.Type === 'Pass' && Object.keys(last.Parameters ?? {}).map((key) => key.replace('.$', ''))).toEqual(
          expect.arrayContaining(['verdict', name === 'Databases' ? 'code' : 'error']),
        )
      }
    }
  })

  test('every state can be reached from the start of its scope', () => {
    for (const scope of scopesOf(definition)) {
      expect([...reachable(scope, scope.StartAt, '')].sort()).toEqual(Object.keys(scope.States).sort())
    }
  })
})
