import { styleText } from 'node:util'
import { bytesText, numberOf } from '../../lambdas/core/present/units.ts'
import type { TableReport } from '../../lambdas/stages/report/model.ts'
import { line } from './line.ts'

/** How many tables are named; the report names all. */
const NAMED = 40

/** What would be copied, in the order of the plan: each table’s rows where they are known, its size, chunks and form, and why. */
export function planLines(tables: readonly TableReport[]): readonly string[] {
  if (tables.length === 0) return [line('plan', 'no rows to copy')]
  const sorted = tables.toSorted((one, other) => (one.order ?? Infinity) - (other.order ?? Infinity))
  const chunks = tables.reduce((sum, table) => sum + table.chunks, 0)
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0)
  const total = [numberOf(tables.length, 'table'), numberOf(chunks, 'chunk'), bytesText(bytes)].join(', ')
  const rest = sorted.length - NAMED
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
  return `${name}  ${styleText('dim', `${count}${bytesText(bytes)}, ${cut}, ${form}${fewer}${expressed}`)}`
}
