/** Small state machines for the interpreter's tests; all keep the subset rules unless told otherwise. */

type Fields = Record<string, unknown>

/** A Task that calls `WorkFunction` with its input, catches nothing and ends. Fields given as `undefined` go. */
export function task(fields: Fields = {}): Fields {
  const next = 'Next' in fields ? {} : { End: true }
  const whole: Fields = {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    TimeoutSeconds: 60,
    Parameters: { FunctionName: `\${WorkFunction}`, 'Payload.$': '$' },
    ...next,
    ...fields,
  }
  return JSON.parse(JSON.stringify(whole)) as Fields
}

/** A Map over `$.lanes`, whose Tasks catch everything and lead to a state `LaneLost`. */
export function mapOf(states: Record<string, Fields>, startAt: string, fields: Fields = {}): Fields {
  const lost = `LaneLost${startAt}`
  const safe = Object.entries(states).map(([name, state]) => {
    const caught = state.Type === 'Task' && state.Catch === undefined
    return [name, caught ? { ...state, Catch: [{ ErrorEquals: ['States.ALL'], Next: lost }] } : state]
  })
  const caught = safe.some(([, state]) => JSON.stringify(state).includes(lost))
  return {
    Type: 'Map',
    ItemsPath: '$.lanes',
    // Never the bare number: the interpreter finds no value at the path `$` of the input 0.
    ItemSelector: { 'lane.$': '$$.Map.Item.Value' },
    MaxConcurrency: 40,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: startAt,
      States: { ...Object.fromEntries(safe), ...(caught ? { [lost]: { Type: 'Pass', End: true } } : {}) },
    },
    End: true,
    ...fields,
  }
}

/** A machine of these states that begins with the first. */
export function machine(states: Record<string, Fields>): Fields {
  return { StartAt: Object.keys(states)[0], TimeoutSeconds: 3600, States: states }
}
