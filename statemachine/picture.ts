import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Definition, innerScopes, type Scope, type State } from './asl.ts'
import { drawnStates, type Edge, edgesOf } from './edges.ts'
import { toDefinition } from './migration.ts'

const BEGIN = '<!-- workflow -->'
const END = '<!-- /workflow -->'

/** The workflow as Markdown: a Mermaid picture and, for each state of it, what it does. */
export function toMarkdown(definition: Definition): string {
  const { lines, undrawn } = drawScope(definition, '  ')
  const notes = undrawn.map(({ scope, to }) => `A step of ${scope} that fails leads to **${to}**.`)
  const legend = [
    ...notes,
    'Every step repeats itself: at once while there is work left, after a pause when it failed.',
  ]
  return [
    '```mermaid',
    'flowchart TD',
    ...lines,
    '```',
    '',
    legend.join(' '),
    '',
    '| state | what it does |',
    '| --- | --- |',
    ...listScope(definition, 0),
  ].join('\n')
}

/** Text with the block between the two markers made anew; text without markers stays as it is. */
export function updateBlock(text: string, definition: Definition): string {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin < 0 || end < begin) return text
  return `${text.slice(0, begin + BEGIN.length)}\n${toMarkdown(definition)}\n${text.slice(end)}`
}

interface Drawing {
  readonly lines: readonly string[]
  /** Failure edges that are told in words: in each scope those to its most usual place. */
  readonly undrawn: readonly { readonly scope: string; readonly to: string }[]
}

function drawScope(scope: Scope, indent: string, title = 'the run'): Drawing {
  const edges = edgesOf(scope)
  const usual = usualFailure(edges)
  const inner = drawnStates(scope).map(([name, state]) => drawState(name, state, indent))
  const lines = edges.filter((edge) => !isUsual(edge, usual)).map((edge) => `${indent}${arrow(edge)}`)
  return {
    lines: [...inner.flatMap((drawing) => drawing.lines), ...lines],
    undrawn: [...(usual === null ? [] : [{ scope: title, to: usual }]), ...inner.flatMap(({ undrawn }) => undrawn)],
  }
}

function drawState(name: string, state: State, indent: string): Drawing {
  const scopes = innerScopes(state)
  if (scopes.length === 0) return { lines: [`${indent}${name}${shape(name, state)}`], undrawn: [] }
  const branch = (scope: Scope) => (scopes.length === 1 ? `**${name}**` : `**${name}** from **${scope.StartAt}** on`)
  const drawings = scopes.map((scope) => drawScope(scope, `${indent}  `, branch(scope)))
  const title = state.Type === 'Map' ? `${name} × N` : name
  return {
    lines: [
      `${indent}subgraph ${name}["${title}"]`,
      `${indent}  direction TB`,
      ...drawings.flatMap((drawing) => drawing.lines),
      `${indent}end`,
    ],
    undrawn: drawings.flatMap((drawing) => drawing.undrawn),
  }
}

function shape(name: string, state: State): string {
  if (state.Type === 'Choice') return `{${name}}`
  if (state.Type === 'Task') return `[${name}]`
  return `([${name}])`
}

function arrow({ from, to, label, kind }: Edge): string {
  const line = kind === 'failed' ? '-.->|failed|' : label === '' ? '-->' : `-->|"${label}"|`
  return `${from} ${line} ${to}`
}

/** Where at least two steps of a scope lead when they fail. */
function usualFailure(edges: readonly Edge[]): string | null {
  const counts = new Map<string, number>()
  for (const { kind, to } of edges) if (kind === 'failed') counts.set(to, (counts.get(to) ?? 0) + 1)
  const [usual] = [...counts].sort(([, left], [, right]) => right - left)
  return usual !== undefined && usual[1] > 1 ? usual[0] : null
}

function isUsual(edge: Edge, usual: string | null): boolean {
  return edge.kind === 'failed' && edge.to === usual
}

function listScope(scope: Scope, depth: number): readonly string[] {
  return drawnStates(scope).flatMap(([name, state]) => [
    ...(state.Comment === undefined ? [] : [`| ${'&emsp;'.repeat(depth)}${name} | ${state.Comment} |`]),
    ...innerScopes(state).flatMap((inner) => listScope(inner, depth + 1)),
  ])
}

if (import.meta.main) {
  const readme = fileURLToPath(new URL('../README.md', import.meta.url))
  const text = readFileSync(readme, 'utf8')
  writeFileSync(readme, updateBlock(text, toDefinition()))
}
