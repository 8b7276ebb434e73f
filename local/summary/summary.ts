import { styleText } from 'node:util'
import { errorText } from '../problem-text.ts'
import { formatBytes, formatCount, formatDuration, formatNumberOf } from '../progress/units.ts'
import type {
  ReportedAccess,
  ReportedCheck,
  ReportedDatabase,
  ReportedObject,
  ReportedTable,
  ReportShape,
} from './report-shape.ts'

/** How many reasons of one kind are listed; the report lists all. */
const LISTED = 10

/** The report in the words of a person: what moved, what did not and why, whether it is equal, what is still open. */
export function summaryText(report: ReportShape, milliseconds: number): string {
  const databases = report.databases ?? []
  return [
    ...refusals(report),
    ...databases.flatMap(databaseLines),
    ...accessLines(report.access),
    `${verdict(report)} in ${formatDuration(milliseconds)}`,
  ].join('\n')
}

function verdict(report: ReportShape): string {
  switch (report.status) {
    case 'succeeded':
      return styleText('green', 'Succeeded')
    case 'refused':
      return styleText('yellow', 'Refused by the precheck, nothing was copied,')
    default:
      return styleText('red', 'Failed')
  }
}

function databaseLines(database: ReportedDatabase): readonly string[] {
  const tables = database.tables ?? []
  const title =
    database.as === undefined || database.as === database.name ? database.name : `${database.name} → ${database.as}`
  const lines = [styleText('bold', title)]
  if (tables.length > 0) lines.push(line('rows', rowsText(tables)))
  if ((database.objects ?? []).length > 0) lines.push(line('objects', objectsText(database.objects ?? [])))
  lines.push(...reasons(database.objects ?? [], 'failed'), ...reasons(database.objects ?? [], 'blocked'))
  lines.push(...reasons(database.objects ?? [], 'skipped'))
  if ((database.sequences ?? []).length > 0) lines.push(line('sequences', sequencesText(database)))
  if (tables.length > 0) lines.push(line('compared', comparedText(tables)))
  if (database.error) lines.push(errorText({ remedy: '', ...database.error }))
  return lines
}

function line(label: string, text: string): string {
  return `  ${label.padEnd(10)} ${text}`
}

function rowsText(tables: readonly ReportedTable[]): string {
  const rows = tables.reduce((sum, table) => sum + Number(table.rows ?? 0), 0)
  const bytes = tables.reduce((sum, table) => sum + Number(table.bytes ?? 0), 0)
  return `${formatNumberOf(tables.length, 'table')}, ${formatNumberOf(rows, 'row')}, ${formatBytes(bytes)}`
}

function objectsText(objects: readonly ReportedObject[]): string {
  return ['migrated', 'transformed', 'skipped', 'failed', 'blocked', 'pending']
    .map((status) => [objects.filter((object) => object.status === status).length, status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${formatCount(count)} ${status}`)
    .join(', ')
}

/** The objects of one status with their reasons; equal reasons are told once. */
function reasons(objects: readonly ReportedObject[], status: 'failed' | 'blocked' | 'skipped'): readonly string[] {
  const byReason = new Map<string, string[]>()
  for (const object of objects.filter((each) => each.status === status)) {
    const reason = reasonOf(object)
    byReason.set(reason, [...(byReason.get(reason) ?? []), `${object.kind.toLowerCase()} ${object.name}`])
  }
  const groups = [...byReason].map(([reason, names]) => {
    const more = names.length > 3 ? ` and ${names.length - 3} more` : ''
    const colour = status === 'skipped' ? 'dim' : 'red'
    return `             ${styleText(colour, status)}  ${names.slice(0, 3).join(', ')}${more}: ${reason}`
  })
  const rest = groups.length - LISTED
  return rest <= 0 ? groups : [...groups.slice(0, LISTED), `             and ${rest} more reasons: see the report`]
}

function reasonOf({ reason, error }: ReportedObject): string {
  if (typeof error === 'string') return error
  return error?.message ?? reason ?? 'no reason given'
}

function sequencesText({ sequences = [] }: ReportedDatabase): string {
  const wrong = sequences.filter((sequence) => sequence.match === false)
  if (wrong.length === 0) return `${formatCount(sequences.length)} set`
  return styleText('red', `${wrong.length} of ${sequences.length} differ: ${names(wrong)}`)
}

function comparedText(tables: readonly ReportedTable[]): string {
  const compared = tables.filter((table) => typeof table.match === 'boolean')
  const different = compared.filter((table) => table.match === false)
  if (compared.length === 0) return 'nothing was compared'
  const left = tables.length === compared.length ? '' : `, ${tables.length - compared.length} not compared`
  if (different.length > 0)
    return styleText('red', `${formatNumberOf(different.length, 'table')} DIFFER: ${names(different)}${left}`)
  return `${styleText('green', 'equal')}, ${formatNumberOf(compared.length, 'table')}${left}`
}

function names(things: readonly { readonly name: string }[]): string {
  const shown = things.slice(0, LISTED).map(({ name }) => name)
  return shown.join(', ') + (things.length > LISTED ? ' …' : '')
}

function accessLines(access: ReportedAccess | undefined): readonly string[] {
  const [opened, closed, open] = [access?.opened ?? [], access?.closed ?? [], access?.open ?? []].map(
    (each) => each.length,
  )
  if (!opened && !open) return []
  const left = open ? styleText('red', `${open} STILL OPEN`) : 'nothing left open'
  return [`${styleText('bold', 'access')}\n${line('opened', `${opened}, closed again ${closed}, ${left}`)}`]
}

/** The checks that stand in the way. Printed for every run that was refused. */
function refusals({ status, prechecks = [], score }: ReportShape): readonly string[] {
  if (status !== 'refused') return []
  const blocking = prechecks.filter(isBlocking)
  const found = blocking.map((check) =>
    errorText({ code: check.code, message: check.message ?? check.cause ?? '', remedy: check.remedy ?? '' }),
  )
  return typeof score === 'number' ? [...found, `precheck score ${score} of 100`] : found
}

function isBlocking({ level, status, acknowledged }: ReportedCheck): boolean {
  return acknowledged !== true && (level === 'error' || level === 'failure' || status === 'failed')
}
