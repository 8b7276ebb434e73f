/**
 * The ten rules that keep the workflow inside what Step Functions and the interpreter on one machine do alike. The
 * interpreter accepts and ignores what it does not know, so a definition that breaks a rule runs, wrongly.
 */

type Fields = Readonly<Record<string, unknown>>

/** One state with what the rules need to know of its place. */
interface Place {
  readonly name: string
  readonly state: Fields
  readonly insideMap: boolean
}

interface Rule {
  readonly number: number
  /** Every violation in a definition, as text. */
  check(definition: Fields, places: readonly Place[]): readonly string[]
}

const RESOURCES = ['arn:aws:states:::lambda:invoke', 'arn:aws:states:::sns:publish']
const RETRY_FIELDS = [
  'ErrorEquals',
  'IntervalSeconds',
  'MaxAttempts',
  'BackoffRate',
  'MaxDelaySeconds',
  'JitterStrategy',
]
/** Its states are for one machine, where no Lambda ends. */
const ON_ONE_MACHINE = `\${FollowFunction}`
const LONGEST_LAMBDA_SECONDS = 900
const LONGEST_STEP_SECONDS = 86_400
/** A year, as Step Functions has it. */
const LONGEST_EXECUTION_SECONDS = 31_536_000

const longestOf = ({ Parameters }: Fields) =>
  (Parameters as Fields | undefined)?.FunctionName === ON_ONE_MACHINE ? LONGEST_STEP_SECONDS : LONGEST_LAMBDA_SECONDS

const rules: readonly Rule[] = [
  {
    number: 1,
    check: (definition) => fieldsNamed(definition, /^(QueryLanguage|Assign|Arguments|Output|Condition)$/),
  },
  {
    number: 2,
    check: (definition) => [
      ...fieldsNamed(definition, /^(ItemReader|ItemBatcher|ResultWriter|ToleratedFailure.*|HeartbeatSeconds.*)$/),
      ...textsWith(definition, /\.waitForTaskToken/),
    ],
  },
  {
    number: 3,
    check: (_, places) =>
      places.flatMap(({ name, state }) => {
        const { ItemSelector, ItemProcessor: _processor, Branches: _branches, ...rest } = state
        return [
          ...contextPaths(rest).filter((path) => !/^\$\$\.Execution\.(Id|Name)$/.test(path)),
          ...contextPaths(ItemSelector).filter(
            (path) => !/^\$\$\.(Execution\.(Id|Name)$|Map\.Item\.(Value|Index))/.test(path),
          ),
        ].map((path) => `${name}: ${path}`)
      }),
  },
  {
    number: 4,
    check: (definition, places) => [
      ...tasks(places)
        .filter(({ state }) => !isInteger(state.TimeoutSeconds, 1, longestOf(state)))
        .map(({ name }) => `${name}: TimeoutSeconds`),
      ...(isInteger(definition.TimeoutSeconds, 1, LONGEST_EXECUTION_SECONDS) ? [] : ['top level: TimeoutSeconds']),
    ],
  },
  {
    number: 5,
    check: (_, places) =>
      places
        .filter(({ state }) => state.Type === 'Map')
        .filter(({ state }) => !isInteger(state.MaxConcurrency, 1) && typeof state.MaxConcurrencyPath !== 'string')
        .map(({ name }) => `${name}: MaxConcurrency`),
  },
  {
    number: 6,
    check: (_, places) =>
      tasks(places)
        .filter(({ insideMap }) => insideMap)
        .filter(
          ({ state }) =>
            !list(state.Catch).some((catcher) => list<unknown>(catcher.ErrorEquals).includes('States.ALL')),
        )
        .map(({ name }) => `${name}: no Catch on States.ALL`),
  },
  {
    number: 7,
    check: (_, places) =>
      places.flatMap(({ name, state }) =>
        [list(state.Catch), list(state.Retry)].flatMap((entries) =>
          entries
            .filter((entry, index) => {
              const errors = list<unknown>(entry.ErrorEquals)
              return errors.includes('States.ALL') && (errors.length > 1 || index < entries.length - 1)
            })
            .map(() => `${name}: States.ALL is not alone and last`),
        ),
      ),
  },
  {
    number: 8,
    check: (_, places) =>
      places.flatMap(({ name, state }) =>
        list(state.Retry).flatMap((entry) => [
          ...Object.keys(entry)
            .filter((key) => !RETRY_FIELDS.includes(key))
            .map((key) => `${name}: Retry.${key}`),
          ...(isInteger(entry.IntervalSeconds, 1) ? [] : [`${name}: Retry.IntervalSeconds`]),
          ...['MaxAttempts', 'MaxDelaySeconds']
            .filter((key) => entry[key] !== undefined && !isInteger(entry[key], 0))
            .map((key) => `${name}: Retry.${key}`),
        ]),
      ),
  },
  {
    number: 9,
    check: (_, places) => [
      ...places.filter(({ state }) => 'Result' in state && !state.Result).map(({ name }) => `${name}: falsy Result`),
      ...places
        .filter(({ state }) => typeof state.Label === 'string' && state.Label.length > 40)
        .map(({ name }) => `${name}: Label is too long`),
      ...places.filter(({ name }) => name.length > 80).map(({ name }) => `${name}: name is too long`),
      ...places
        .filter(({ name }, index) => places.findIndex((place) => place.name === name) < index)
        .map(({ name }) => `${name}: two states of this name`),
    ],
  },
  {
    number: 10,
    check: (_, places) =>
      tasks(places).flatMap(({ name, state }) => {
        const functionName = isFields(state.Parameters) ? state.Parameters.FunctionName : undefined
        const isCall = state.Resource === RESOURCES[0]
        return [
          ...(RESOURCES.includes(String(state.Resource)) ? [] : [`${name}: Resource ${String(state.Resource)}`]),
          ...(isCall && !/^\$\{\w+\}$/.test(String(functionName)) ? [`${name}: FunctionName`] : []),
        ]
      }),
  },
]

/** Every rule that a definition breaks, each as `rule N: where: what`. Empty: the definition runs alike in both places. */
export function subsetProblems(definition: Fields): readonly string[] {
  const places = [...everyPlace(definition, false)]
  return rules.flatMap((rule) => rule.check(definition, places).map((problem) => `rule ${rule.number}: ${problem}`))
}

function* everyPlace(scope: Fields, insideMap: boolean): Generator<Place> {
  for (const [name, state] of Object.entries(isFields(scope.States) ? scope.States : {})) {
    if (!isFields(state)) continue
    yield { name, state, insideMap }
    for (const branch of list(state.Branches)) yield* everyPlace(branch, insideMap)
    if (isFields(state.ItemProcessor)) yield* everyPlace(state.ItemProcessor, true)
  }
}

function tasks(places: readonly Place[]): readonly Place[] {
  return places.filter(({ state }) => state.Type === 'Task')
}

/** The definition's own field names that match; those of payloads are the handlers' business. */
function fieldsNamed(value: unknown, pattern: RegExp, at = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsNamed(item, pattern, at))
  if (!isFields(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(pattern.test(key) && !at.endsWith('States') ? [`${at}.${key}`] : []),
    ...(/^(Parameters|ItemSelector|ResultSelector|Result)$/.test(key)
      ? []
      : fieldsNamed(inner, pattern, `${at}.${key}`)),
  ])
}

function textsWith(value: unknown, pattern: RegExp): readonly string[] {
  if (typeof value === 'string') return pattern.test(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap((inner) => textsWith(inner, pattern))
}

function contextPaths(value: unknown): readonly string[] {
  return textsWith(value, /\$\$/).flatMap((text) => text.match(/\$\$[\w.[\]]*/g) ?? [])
}

function isInteger(value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list<Item = Fields>(value: unknown): readonly Item[] {
  return Array.isArray(value) ? value : []
}
