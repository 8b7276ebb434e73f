import type { Measure } from './measure.ts'
import type { Result } from './rounds.ts'

export type Column = readonly [title: string, value: (measure: Measure) => number, digits: number]

export const wall: Column = ['wall s', (measure) => measure.wall, 2]
export const cpu: Column = ['own CPU s', (measure) => measure.cpu, 2]
export const rss: Column = ['peak RSS MB', (measure) => measure.rss, 0]
export const sourceCpu: Column = ['source CPU s', (measure) => measure.sourceCpu, 1]
export const destinationCpu: Column = ['destination CPU s', (measure) => measure.destinationCpu, 1]
/** Of both servers and the contender: what noise on the machine changes least. */
export const allCpu: Column = ['all CPU s', (one) => one.cpu + one.sourceCpu + one.destinationCpu, 1]
export const more = (title: string, name: string, digits = 2): Column => [
  title,
  (one) => one.more[name] ?? Number.NaN,
  digits,
]

/** Contenders in rows: median (min–max) of each column; where there is one of ours, what it took of the others', pair by pair. */
export function table(
  results: readonly Result[],
  columns: readonly Column[],
  ours?: string,
  compared: readonly Column[] = [wall],
): string {
  const own = results.find(({ name }) => name === ours)
  const heads = [
    '',
    ...columns.map(([title]) => title),
    ...(own ? compared.map(([title]) => titleOf(own.name, title, compared.length)) : []),
  ]
  const lines = results.map(({ name, measures }) => [
    name,
    ...columns.map(([, value, digits]) => spread(measures.map(value), digits)),
    ...(own ? compared.map((column) => (name === ours ? '' : spread(ratios(own, { name, measures }, column), 2))) : []),
  ])
  return markdown(heads, lines)
}

function titleOf(name: string, column: string, columns: number): string {
  return columns === 1 ? `${name} by it` : `${name}, ${column} by it`
}

/** What one is of another, in each round. */
export function ratios(one: Result, other: Result, column: Column): number[] {
  return one.measures.map((measure, round) => {
    const against = other.measures[round]
    return against === undefined ? Number.NaN : column[1](measure) / column[1](against)
  })
}

/** A table; all but the first column are numbers. */
export function markdown(heads: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [row(heads), row(heads.map((_, index) => (index === 0 ? '---' : '---:'))), ...lines.map(row)].join('\n')
}

/** `median (min–max)`; one value alone is just that. */
export function spread(values: readonly number[], digits: number): string {
  const known = values.filter((value) => Number.isFinite(value)).toSorted((a, b) => a - b)
  const [least, most] = [known[0], known.at(-1)]
  if (least === undefined || most === undefined) return '–'
  const text = (value: number) => value.toFixed(digits)
  return known.length === 1 ? text(least) : `${text(median(known))} (${text(least)}–${text(most)})`
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}
