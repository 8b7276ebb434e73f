import { styleText } from 'node:util'
import { bytesText, numberOf } from '../../lambdas/core/present/units.ts'
import type { DatabaseReport, TableReport } from '../../lambdas/stages/report/model.ts'
import { line } from './line.ts'

/** How many tables are named; the report names all. */
const NAMED = 40

/** What would be copied, in the order of the plan: each table’s rows where they are known, its size, chunks and form, and why. */
export function planLines({ tables, totals }: DatabaseReport): readonly string[] {
  if (totals.tables === 0) return [line('plan', 'no rows to copy')]
  const sorted = tables.toSorted((one, other) => (one.order ?? Infinity) - (other.order ?? Infinity))
  const { chunks, bytes } = totals
  const total = [numberOf(totals.tables, 'table'), numberOf(chunks, 'chunk'), bytesText(bytes)].join(', ')
  const rest = totals.tables - Math.min(sorted.length, NAMED)
  return [
    line('plan', `${total}, the largest chunks first`),
    ...sorted.slice(0, NAMED).map((table) => line('', tableText(table))),
    ...(rest > 0 ? [line('', `and ${numberOf(rest, 'table')} more: see the report`)] : []),
  ]
}

function tableText({
  name,
  rows,
  bytes,
  chunks,
  cutReason,
  format,
  formatReason,
  filter,
  ...more
}: TableReport): string {
  const count = rows === null ? '' : `about ${numberOf(rows, 'row')}, `
  const cut = `${numberOf(chunks, 'chunk')}${chunks > 1 && cutReason ? ` (${cutReason})` : ''}`
  const form = formatReason ? `${format}: ${formatReason}` : format
  const all = more.rowsEstimated ? `about ${numberOf(more.rowsEstimated, 'row')}` : 'its rows'
  const fewer = filter ? `; of ${all} only where ${filter}` : ''
  const expressed = more.expressed?.length ? `; computed by the task: ${more.expressed.join(', ')}` : ''
  const beside = more.beside ? '; beside rows that stay there' : ''
  return `${name}  ${styleText('dim', `${count}${bytesText(bytes)}, ${cut}, ${form}${fewer}${beside}${expressed}`)}`
}
