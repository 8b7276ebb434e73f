import { taskJsonSchema } from '../../lambdas/core/task/json-schema.ts'

/** As much of a JSON Schema as a task's has. */
interface Part {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Part>>
  readonly required?: readonly string[]
  readonly items?: Part
  readonly additionalProperties?: Part | boolean
  readonly anyOf?: readonly Part[]
  readonly oneOf?: readonly Part[]
}

/** docs/task.md: every option of a task, out of its JSON Schema. */
export function describeTask(schema: Part = taskJsonSchema() as Part): string {
  const { properties = {}, required = [] } = schema
  // Both ends have the same options but the instance's name: the destination's are told as the source's.
  const sections = Object.entries(properties).map(([name, part]) =>
    section(name, name === 'destination' ? onlyOwn(part, properties.source) : part, required.includes(name)),
  )
  return [
    '# The task, option by option',
    '',
    'Made from the JSON Schema that `npm run sampan -- schema` prints (`node scripts/write-task-reference.ts`). A task is one JSON document, with',
    'comments and trailing commas if you like; whole ones are in [examples](examples). What is wrong with yours, all at once:',
    '`npm run sampan -- validate task.json`.',
    '',
    sections.join('\n\n'),
    '',
  ].join('\n')
}

function onlyOwn(part: Part, other: Part | undefined): Part {
  const own = Object.entries(part.properties ?? {}).filter(([name]) => other?.properties?.[name] === undefined)
  const description = `${part.description ?? ''} All other options are those of \`source\`.`
  return { ...part, description, properties: Object.fromEntries(own) }
}

function section(name: string, part: Part, required: boolean): string {
  const rows = optionsBelow(name, part).map(({ path, part: one, required: must }) => row(path, one, must))
  const table =
    rows.length === 0 ? [] : ['', '| option | values | default | what it does |', '| --- | --- | --- | --- |', ...rows]
  return [`## \`${name}\`${required ? ' (required)' : ''}`, '', sentence(part), ...table].join('\n')
}

function sentence(part: Part): string {
  const said = `${cell(part.description ?? '')} ${part.properties === undefined ? `Values: ${valuesOf(part)}.` : ''}`
  const [example] = part.examples ?? []
  return example === undefined || part.properties !== undefined
    ? said.trim()
    : `${said.trim()}\n\n\`\`\`json\n${JSON.stringify(example)}\n\`\`\``
}

interface Option {
  readonly path: string
  readonly part: Part
  readonly required: boolean
}

/** `a.b` is an option of an object, `a[]` one of a list's elements, `a{}` one behind names of your own. */
function optionsBelow(path: string, part: Part): readonly Option[] {
  const listed = part.items?.properties === undefined ? part : part.items
  const within = listed === part ? path : `${path}[]`
  const own = Object.entries(listed.properties ?? {}).flatMap(([name, below]) => {
    const here = { path: `${within}.${name}`, part: below, required: listed.required?.includes(name) === true }
    return [here, ...optionsBelow(here.path, below)]
  })
  const byName =
    typeof part.additionalProperties === 'object' ? optionsBelow(`${path}{}`, part.additionalProperties) : []
  // Of several forms none is required. What has no words of its own is told with what it stands in.
  const choices = [...(part.anyOf ?? []), ...(part.oneOf ?? [])]
    .flatMap((choice) => optionsBelow(path, choice))
    .map((option) => ({ ...option, required: false }))
  const all = [...own, ...byName, ...choices].filter(({ part: one }) => one.description !== undefined)
  return all.filter(({ path: one }, at) => all.findIndex(({ path: other }) => other === one) === at)
}

function row(path: string, part: Part, required: boolean): string {
  const standard = required ? 'required' : part.default === undefined ? '' : code(part.default)
  return `| \`${path}\` | ${valuesOf(part)} | ${standard} | ${cell(part.description ?? '')} |`
}

function valuesOf(part: Part): string {
  if (part.enum !== undefined) return part.enum.map(code).join(', ')
  if (part.const !== undefined) return code(part.const)
  const choices = part.anyOf ?? part.oneOf
  if (choices !== undefined) return [...new Set(choices.map(valuesOf))].join(', or ')
  if (part.type === 'array') return `list of ${part.items === undefined ? 'values' : valuesOf(part.items)}`
  if (part.type === 'integer' || part.type === 'number') return numbers(part)
  if (part.type === 'object') return typeof part.additionalProperties === 'object' ? 'object by name' : 'object'
  if (part.type === 'boolean') return 'true or false'
  return part.type ?? 'any'
}

function numbers({ type, minimum, maximum }: Part): string {
  if (minimum === undefined || Math.abs(minimum) >= Number.MAX_SAFE_INTEGER) return type ?? 'number'
  return maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
    ? `${type}, at least ${minimum}`
    : `${type}, ${minimum} to ${maximum}`
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

/** A bar would end the cell, a star begin emphasis, and braces and brackets are as they stand. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;').replaceAll('\n', ' ')
}
