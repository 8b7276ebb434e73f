import { styleText } from 'node:util'
import { VIEW_DIFFERS } from '../../lambdas/core/ledger/objects/fills.ts'
import {
  bytesText,
  countText,
  durationRange,
  durationText,
  numberOf,
  partOf,
} from '../../lambdas/core/present/units.ts'
import { DEFINITIONS_CHANGED } from '../../lambdas/core/structure/definitions.ts'
import { filteredRows } from '../../lambdas/stages/report/filtered-rows.ts'
import { madeAnew, notComparedColumns } from '../../lambdas/stages/report/made-anew.ts'
import type {
  AccessReport,
  DatabaseReport,
  PrecheckReport,
  Report,
  SequenceReport,
  TableReport,
} from '../../lambdas/stages/report/model.ts'
import { acknowledgement } from '../../lambdas/stages/report/refusal.ts'
import { leftOutOfChoice, unmadeName, unmadeObjects } from '../../lambdas/stages/report/unmade-objects.ts'
import { errorText } from '../problem-text.ts'
import { line } from './line.ts'
import { objectLines } from './objects.ts'
import { planLines } from './plan.ts'

/** How many things of one kind are named; the report names all. */
const NAMED = 5
/** Of what did not arrive. */
const NAMED_LEFT_OUT = 20

/**
 * The report in the words of a person: what moved, what did not and why, whether both sides are equal, what is still open.
 * @param milliseconds how long this execution took; the report counts from the run's first start
 * @param untouched the databases that this execution wrote nothing to
 */
export function summaryText(report: Report, milliseconds: number, untouched: readonly string[] = []): string {
  return [
    ...precheckLines(report),
    ...report.databases.flatMap((database) => databaseLines(database, untouched.includes(database.name))),
    ...accessLines(report.access),
    ...report.notes.map((note) => line('note', note)),
    ...leftOutLines(report),
    ...acknowledgedLines(report),
    `${verdict(report)} in ${durationText(milliseconds / 1000)}${plannedOf(report)}${failedOf(report)}`,
  ].join('\n')
}

/** Only of a run that came to its end: what stopped earlier has nothing to be compared with. */
function plannedOf({ estimate, status }: Report): string {
  if (!estimate || !(status === 'succeeded' || status === 'incomplete')) return ''
  return ` (planned: ${durationRange(estimate.seconds.low, estimate.seconds.high)})`
}

function verdict({ status, error }: Report): string {
  if (error?.code === 'RUN_STOPPED') return styleText('yellow', 'Stopped')
  switch (status) {
    case 'succeeded':
      return styleText('green', 'Succeeded')
    case 'incomplete':
      return styleText('yellow', 'Succeeded in part')
    case 'prechecked':
      return styleText('green', 'Checked, nothing was written,')
    case 'planned':
      return styleText('green', 'Planned, nothing was copied,')
    case 'refused':
      return styleText('yellow', 'Refused by the precheck, nothing was copied,')
    case 'failed':
      return styleText('red', 'Failed')
  }
}

/** Which of several databases failed: theirs may be far above. */
function failedOf({ databases, status, error }: Report): string {
  if (status !== 'failed' || error?.code === 'RUN_STOPPED' || databases.length === 1) return ''
  const failed = databases.filter((database) => database.status === 'failed')
  return failed.length === 0 ? '' : `: ${failed.length} of ${databases.length} databases, ${named(failed)}`
}

/** What did not arrive stands at the end, where the verdict is: the tables first, with what is missing of rows. */
function leftOutLines({ status, databases }: Report): readonly string[] {
  if (status !== 'incomplete') return []
  const unmade = unmadeObjects(databases)
  const lines = unmade.slice(0, NAMED_LEFT_OUT).map(({ database, object, bytes }) => {
    const where = databases.length === 1 ? '' : `${database}: `
    const rows = bytes === null ? '' : `, with about ${bytesText(bytes)} of rows`
    return line('', `${where}${unmadeName(object)}${rows}`)
  })
  const rest = unmade.length - lines.length
  return [
    styleText('yellow', `${numberOf(unmade.length, 'object')} did not arrive`),
    ...lines,
    ...(rest > 0 ? [line('', `and ${numberOf(rest, 'object')} more: see the report`)] : []),
  ]
}

/** What the task chose and did not get, because it needs what is left out. */
function acknowledgedLines(report: Report): readonly string[] {
  const left = leftOutOfChoice(report)
  if (left.length === 0) return []
  const what = left.length === 1 ? 'chosen object was' : 'chosen objects were'
  return [`${styleText('yellow', `${left.length} ${what} left out`)}, as acknowledged: ${named(left)}`]
}

function databaseLines(database: DatabaseReport, untouched: boolean): readonly string[] {
  if (database.status === 'not-run' && database.tables.length === 0) return []
  const { name, as, source, destination } = database
  const versions = [source.version, destination.version].every((version) => version !== null)
    ? styleText('dim', `  ${source.version} → ${destination.version}`)
    : ''
  return [
    styleText('bold', name === as ? name : `${name} → ${as}`) + versions,
    ...(untouched ? completedBefore(database) : []),
    ...(database.status === 'planned' ? planLines(database.tables) : rowLines(database)),
    ...objectLines(database.objects),
    ...sequenceLines(database.sequences),
    ...(database.status === 'planned'
      ? []
      : [...comparisonLines(database), ...filledLines(database), ...changedLines(database)]),
    ...(database.error === null ? [] : [errorText(database.error)]),
  ]
}

/** Started again, a complete database is left as it is: the reader shall not think that it was migrated once more. */
function completedBefore({ sealedAt }: DatabaseReport): readonly string[] {
  if (sealedAt === null) return []
  return [line('complete', `since ${sealedAt.slice(0, 19).replace('T', ' ')} UTC: nothing was written now`)]
}

function rowLines({ totals, tables }: DatabaseReport): readonly string[] {
  if (tables.length === 0) return []
  const left = tables.filter((table) => table.chunksDone < table.chunks)
  const unfinished = left.length === 0 ? [] : [line('', styleText('red', `not all copied: ${named(left)}`))]
  // Of what is not copied yet the plan has an estimate.
  const copied = totals.bytes - left.reduce((sum, table) => sum + table.bytes, 0)
  const size = left.length === 0 ? bytesText(totals.bytes) : `${bytesText(copied)} of about ${bytesText(totals.bytes)}`
  const amount = [numberOfTables(tables), numberOf(totals.rows, 'row'), size]
  return [line('rows', amount.join(', ')), ...filteredLines(tables), ...expressedLines(tables), ...unfinished]
}

/** Whoever counts on the source finds more. */
function filteredLines(tables: readonly TableReport[]): readonly string[] {
  const filtered = filteredRows(tables)
  if (filtered === null) return []
  const rows = partOf(filtered.rows, filtered.of, 'row')
  return [
    line(
      'filtered',
      `${rows} by the filters of ${numberOf(filtered.tables.length, 'table')}: ${named(filtered.tables)}`,
    ),
  ]
}

/** Whoever compares values finds others. */
function expressedLines(tables: readonly TableReport[]): readonly string[] {
  const expressed = tables.filter((table) => (table.expressed ?? []).length > 0)
  if (expressed.length === 0) return []
  const columns = expressed.reduce((sum, table) => sum + (table.expressed ?? []).length, 0)
  return [
    line('computed', `${numberOf(columns, 'column')} of ${numberOf(expressed.length, 'table')}: ${named(expressed)}`),
  ]
}

/** The report lists the large objects of a database among its tables. */
function numberOfTables(tables: readonly TableReport[]): string {
  const own = tables.filter(({ name }) => name !== 'large objects').length
  return own === tables.length ? numberOf(own, 'table') : `${numberOf(own, 'table')} and large objects`
}

function sequenceLines(sequences: readonly SequenceReport[]): readonly string[] {
  if (sequences.length === 0) return []
  const wrong = sequences.filter((sequence) => sequence.match === false)
  const set = sequences.filter((sequence) => sequence.match === true)
  if (wrong.length > 0) return [line('sequences', styleText('red', `${wrong.length} differ: ${named(wrong)}`))]
  return [line('sequences', `${countText(set.length)} of ${countText(sequences.length)} set as on the source`)]
}

function comparisonLines({ tables, totals }: DatabaseReport): readonly string[] {
  if (tables.length === 0) return []
  const compared = totals.tablesEqual + totals.tablesDifferent
  if (compared === 0) return [line('compared', 'nothing')]
  const rest = totals.tables - compared
  const left = rest === 0 ? '' : `, ${numberOf(rest, 'table')} not compared`
  if (totals.tablesDifferent === 0) {
    const equal = tables.filter((table) => table.match === true)
    const how = tables.some((table) => table.sourceDigest !== null) ? 'every row' : 'row counts'
    return [
      line(
        'compared',
        `${styleText('green', 'equal')}: ${how} of ${numberOfTables(equal)}${butText(tables)}${left}${computedText(tables)}`,
      ),
    ]
  }
  const different = tables.filter((table) => table.match === false)
  const verdict = `${numberOf(different.length, 'table')} DIFFER: ${named(different)}`
  return [line('compared', `${styleText('red', verdict)}${left}`)]
}

/** Rows are equal but for what the digests cannot have. */
function butText(tables: readonly TableReport[]): string {
  const columns = notComparedColumns(tables)
  return columns.length === 0 ? '' : `, but not the values of ${numberOf(columns.length, 'column')}: ${named(columns)}`
}

/** What the destination computes by itself is not among what is equal. */
function computedText(tables: readonly TableReport[]): string {
  const { computed } = madeAnew({ tables, objects: [] })
  if (computed.length === 0) return ''
  return `; computed columns of ${numberOf(computed.length, 'table')} were made anew, not compared: ${named(computed)}`
}

/** REFRESH makes the rows of materialized views from what was copied: those of a stale one are others. */
function filledLines(database: DatabaseReport): readonly string[] {
  const { filled } = madeAnew(database)
  if (filled.length === 0) return []
  return [
    line('filled', `${numberOf(filled.length, 'materialized view')} anew, rows not compared: ${named(filled)}`),
    ...told(database, VIEW_DIFFERS).map((message) => line('', styleText('yellow', message))),
  ]
}

/**
 * What is not as on the source though the run has come to its end: changed by somebody else, narrower rights, done on the source behind
 * the view, sequences kept ahead. Seal tells it once it has sealed; what an earlier judgement found may be mended.
 */
function changedLines(database: DatabaseReport): readonly string[] {
  const { sealedAt, events } = database
  if (sealedAt === null) return []
  const final = events.filter(({ level, step, at, code }) => {
    const isOfSeal = step === 'Seal' && Date.parse(at) >= Date.parse(sealedAt)
    return level === 'warning' && code !== VIEW_DIFFERS && (isOfSeal || code === WENT_BACK)
  })
  return [...Map.groupBy(final, ({ code }) => code)].flatMap(([code, ofCode]) => {
    const messages = [...new Set(ofCode.map(({ message }) => message))]
    const shown = code === DEFINITIONS_CHANGED || code === WENT_BACK ? messages.slice(-1) : messages.slice(0, NAMED)
    const more =
      shown.length === NAMED && messages.length > NAMED ? [`and ${messages.length - NAMED} more: see the report`] : []
    const label = code === DEFINITIONS_CHANGED ? 'changed' : 'otherwise'
    return [...shown, ...more].map((message, index) => line(index === 0 ? label : '', styleText('yellow', message)))
  })
}

const WENT_BACK = 'SEQUENCE_WENT_BACK'

function told({ events }: DatabaseReport, which: string): readonly string[] {
  return [...new Set(events.filter(({ code }) => code === which).map(({ message }) => message))]
}

function named(things: readonly { readonly name: string }[]): string {
  const shown = things.slice(0, NAMED).map(({ name }) => name)
  return things.length > NAMED ? `${shown.join(', ')} and ${things.length - NAMED} more` : shown.join(', ')
}

function accessLines({ opened, closed, open }: AccessReport): readonly string[] {
  if (opened.length === 0 && open.length === 0) return []
  const left = open.length === 0 ? 'nothing left open' : styleText('red', `${open.length} STILL OPEN`)
  const kinds = Map.groupBy(opened, ({ kind }) => kind)
  const what = [...kinds].map(([kind, entries]) => `${entries.length} × ${kind}`).join(', ')
  return [
    styleText('bold', 'access'),
    line('opened', what),
    line('closed', `${closed.length} of ${opened.length}, ${left}`),
  ]
}

/** The checks that found something: those that stand in the way always, the others where checks were all that was asked. */
function precheckLines({ status, prechecks, score }: Report): readonly string[] {
  const found = prechecks.filter((check) => check.blocks || (check.status === 'found' && !check.acknowledged))
  const told = found
    .filter(({ level, blocks }) => blocks || level === 'error')
    .toSorted((one, other) => Number(one.level === 'warning') - Number(other.level === 'warning'))
  if (told.length === 0 && status !== 'prechecked') return []
  const others = found.length - told.length
  const rest = others === 0 ? '' : `, ${numberOf(others, 'more finding')} in the report`
  return [
    ...told.map(checkText),
    ...acknowledgeLines(prechecks),
    ...(score === null ? [] : [`precheck score ${score} of 100${rest}`]),
  ]
}

/** A warning blocks until it is accepted: the line to paste. */
function acknowledgeLines(prechecks: readonly PrecheckReport[]): readonly string[] {
  const pasted = acknowledgement(prechecks)
  if (pasted === null) return []
  const errors = prechecks.some(({ blocks, level }) => blocks && level !== 'warning')
  return [
    `${errors ? 'When the errors are mended, the warnings' : 'The warnings'} can be accepted in the task:`,
    `  ${pasted}`,
  ]
}

function checkText({ code, cause, remedy, database, details }: PrecheckReport): string {
  const shown = details.slice(0, NAMED)
  const more = details.length > NAMED ? [`and ${details.length - NAMED} more`] : []
  const first = database === null ? cause : `${database}: ${cause}`
  return errorText({ code, message: [first, ...shown, ...more].join('\n'), remedy })
}
