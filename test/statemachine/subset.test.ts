import { describe, expect, test } from 'vitest'
import { toDefinition } from '../../statemachine/migration.ts'
import { subsetProblems } from '../../statemachine/subset.ts'

type Fields = Record<string, unknown>

/** A small definition that keeps every rule: a Map of one Task. */
function good() {
  const task: Fields = {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    TimeoutSeconds: 900,
    Parameters: { FunctionName: `\${WorkFunction}`, Payload: { 'run.$': '$.run' } },
    Retry: [{ ErrorEquals: ['Lambda.ServiceException'], IntervalSeconds: 2, MaxAttempts: 6, BackoffRate: 1.5 }],
    Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.crash', Next: 'End' }],
    Next: 'End',
  }
  const end: Fields = { Type: 'Pass', End: true }
  const map: Fields = {
    Type: 'Map',
    Label: 'Lanes',
    ItemsPath: '$.lanes',
    MaxConcurrency: 4,
    ItemSelector: { 'run.$': '$$.Execution.Name', 'lane.$': '$$.Map.Item.Value' },
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, StartAt: 'Work', States: { Work: task, End: end } },
    End: true,
  }
  const definition: Fields = { StartAt: 'Lanes', TimeoutSeconds: 3600, States: { Lanes: map } }
  return { definition, map, task, end }
}

describe('the subset of the language that runs alike on Step Functions and on one machine', () => {
  test('the migration keeps all ten rules', () => {
    expect(subsetProblems(JSON.parse(JSON.stringify(toDefinition())))).toEqual([])
  })

  test('the sample that the rules are tried on keeps them', () => {
    expect(subsetProblems(good().definition)).toEqual([])
  })

  test.each<readonly [rule: number, what: string, breaks: (sample: ReturnType<typeof good>) => unknown]>([
    [1, 'JSONata', ({ definition }) => Object.assign(definition, { QueryLanguage: 'JSONata' })],
    [1, 'a variable', ({ task }) => Object.assign(task, { Assign: { x: 1 } })],
    [1, 'an Output', ({ end }) => Object.assign(end, { Output: {} })],
    [2, 'an ItemReader', ({ map }) => Object.assign(map, { ItemReader: {} })],
    [2, 'an ItemBatcher', ({ map }) => Object.assign(map, { ItemBatcher: {} })],
    [2, 'a ResultWriter', ({ map }) => Object.assign(map, { ResultWriter: {} })],
    [2, 'a tolerated failure', ({ map }) => Object.assign(map, { ToleratedFailurePercentage: 5 })],
    [2, 'a heartbeat', ({ task }) => Object.assign(task, { HeartbeatSeconds: 5 })],
    [
      2,
      'a task token',
      ({ task }) => Object.assign(task, { Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken' }),
    ],
    [
      3,
      'the state’s own name',
      ({ task }) => Object.assign(task, { Parameters: { FunctionName: `\${F}`, 'n.$': '$$.State.Name' } }),
    ],
    [
      3,
      'the map’s item outside ItemSelector',
      ({ end }) => Object.assign(end, { Parameters: { 'n.$': '$$.Map.Item.Value' } }),
    ],
    [3, 'the execution’s input', ({ map }) => Object.assign(map, { ItemSelector: { 'n.$': '$$.Execution.Input' } })],
    [
      3,
      'a context path in an intrinsic',
      ({ end }) => Object.assign(end, { Parameters: { 'n.$': "States.Format('{}', $$.State.Name)" } }),
    ],
    [4, 'no time-out', ({ task }) => delete task.TimeoutSeconds],
    [4, 'a time-out no Lambda has', ({ task }) => Object.assign(task, { TimeoutSeconds: 901 })],
    [4, 'no top-level time-out', ({ definition }) => delete definition.TimeoutSeconds],
    [
      4,
      'a top-level time-out of more than a year',
      ({ definition }) => Object.assign(definition, { TimeoutSeconds: 31_536_001 }),
    ],
    [5, 'no MaxConcurrency', ({ map }) => delete map.MaxConcurrency],
    [5, 'MaxConcurrency 0', ({ map }) => Object.assign(map, { MaxConcurrency: 0 })],
    [6, 'a Task in a Map without Catch', ({ task }) => delete task.Catch],
    [
      6,
      'a Task in a Map that catches some',
      ({ task }) => Object.assign(task, { Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'End' }] }),
    ],
    [
      7,
      'States.ALL in company',
      ({ task }) => Object.assign(task, { Catch: [{ ErrorEquals: ['States.ALL', 'X'], Next: 'End' }] }),
    ],
    [
      7,
      'States.ALL first',
      ({ task }) =>
        Object.assign(task, {
          Retry: [
            { ErrorEquals: ['States.ALL'], IntervalSeconds: 1 },
            { ErrorEquals: ['X'], IntervalSeconds: 1 },
          ],
        }),
    ],
    [
      8,
      'a misspelt Retry field',
      ({ task }) => Object.assign(task, { Retry: [{ ErrorEquals: ['X'], IntervalSeconds: 1, Attempts: 1 }] }),
    ],
    [8, 'an interval of 0', ({ task }) => Object.assign(task, { Retry: [{ ErrorEquals: ['X'], IntervalSeconds: 0 }] })],
    [
      8,
      'attempts by path',
      ({ task }) => Object.assign(task, { Retry: [{ ErrorEquals: ['X'], IntervalSeconds: 1, MaxAttempts: '$.n' }] }),
    ],
    [9, 'a falsy Result', ({ end }) => Object.assign(end, { Result: false })],
    [9, 'a long Label', ({ map }) => Object.assign(map, { Label: 'L'.repeat(41) })],
    [
      9,
      'a name twice',
      ({ definition, end }) => Object.assign(definition, { States: { ...(definition.States as Fields), End: end } }),
    ],
    [
      9,
      'a long name',
      ({ definition, end }) =>
        Object.assign(definition, { States: { ...(definition.States as Fields), ['N'.repeat(81)]: end } }),
    ],
    [10, 'a function’s ARN', ({ task }) => Object.assign(task, { Parameters: { FunctionName: 'arn:aws:lambda:…' } })],
    [10, 'another service', ({ task }) => Object.assign(task, { Resource: 'arn:aws:states:::dynamodb:getItem' })],
  ])('rule %i forbids %s', (rule, _what, breaks) => {
    const sample = good()
    breaks(sample)
    const problems = subsetProblems(sample.definition)
    expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^rule ${rule}: `)))
  })
})
