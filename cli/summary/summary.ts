import { styleText } from 'node:util'
import { VIEW_DIFFERS } from '../../lambdas/core/ledger/objects/fills.ts'
import { listed } from '../../lambdas/core/present/listed.ts'
import {
  bytesText,
  countText,
  durationRange,
  durationText,
  numberOf,
  partOf,
} from '../../lambdas/core/present/units.ts'
import { DEFINITIONS_CHANGED } from '../../lambdas/core/structure/definitions.ts'
import { needsAttention } from '../../lambdas/stages/report/html/databases-card.ts'
import type { AccessReport, DatabaseReport, PrecheckReport, Report } from '../../lambdas/stages/report/model.ts'
import { isFilledView } from '../../lambdas/stages/report/object-kinds.ts'
import { acknowledgement } from '../../lambdas/stages/report/refusal.ts'
import { besideText, rowsBeside } from '../../lambdas/stages/report/rows-beside.ts'
import { filteredRows, isUnfinished, sumOf } from '../../lambdas/stages/report/totals.ts'
import { countUnmade, leftOutOfChoice, unmadeName, unmadeObjects } from '../../lambdas/stages/report/unmade-objects.ts'
import { errorText } from '../problem-text.ts'
import { line } from './line.ts'
import { objectLines } from './objects.ts'
import { planLines } from './plan.ts'

/** How many things of one kind are named; the report names all. */
const NAMED = 5
/** Of what did not arrive. */
const NAMED_LEFT_OUT = 20
/** So many databases are told one below the other; of more there is a line each of those that need attention, and the report. */
const TOLD = 20

/**
 * The report in the words of a person: what moved, what did not and why, whether both sides are equal, what is still open.
 * @param milliseconds how long this execution took; the report counts from the run's first start
 * @param untouched the databases that this execution wrote nothing to
 */
export function summaryText(report: Report, milliseconds: number, untouched: readonly string[] = []): string {
  return [
    ...precheckLines(report),
    ...databasesLines(report.databases, new Set(untouched)),
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
  const count = countUnmade(databases)
  const rest = count - lines.length
  return [
    styleText('yellow', `${numberOf(count, 'object')} did not arrive`),
    ...lines,
    ...(rest > 0 ? [line('', `and ${numberOf(rest, 'object')} more: see the report`)] : []),
  ]
}

/** What the task chose and did not get, because it needs what is left out. */
function acknowledgedLines(report: Report): readonly string[] {
  const { count, listed } = leftOutOfChoice(report)
  if (count === 0) return []
  const what = count === 1 ? 'chosen object was' : 'chosen objects were'
  return [`${styleText('yellow', `${count} ${what} left out`)}, as acknowledged: ${named(listed, count)}`]
}

function databasesLines(databases: readonly DatabaseReport[], untouched: ReadonlySet<string>): readonly string[] {
  if (databases.length <= TOLD)
    return databases.flatMap((database) => databaseLines(database, untouched.has(database.name)))
  // Whoever has to do something about one looks for it.
  const urgent = databases.filter(needsAttention)
  const told = urgent.slice(0, TOLD)
  const rest = urgent.length - told.length
  const well = databases.filter(({ status }) => status === 'succeeded' || status === 'planned').length
  return [
    ...told.flatMap((database) => databaseLines(database, untouched.has(database.name))),
    ...(rest > 0 ? [`and ${numberOf(rest, 'database')} more of this kind: see the report`] : []),
    `${countText(well)} of ${numberOf(databases.length, 'database')} came to their end: ${[
      numberOf(sumOf(databases, 'tables') - sumOf(databases, 'largeObjects'), 'table'),
      numberOf(sumOf(databases, 'rows'), 'row'),
      bytesText(sumOf(databases, 'bytes') - sumOf(databases, 'bytesUnfinished')),
      numberOf(sumOf(databases, 'objects'), 'object'),
    ].join(', ')}`,
  ]
}

function databaseLines(database: DatabaseReport, untouched: boolean): readonly string[] {
  if (database.status === 'not-run' && database.totals.tables === 0) return []
  const { name, as, source, destination } = database
  const versions = [source.version, destination.version].every((version) => version !== null)
    ? styleText('dim', `  ${source.version} → ${destination.version}`)
    : ''
  return [
    styleText('bold', name === as ? name : `${name} → ${as}`) + versions,
    ...(untouched ? completedBefore(database) : []),
    ...(database.status === 'planned' ? planLines(database) : rowLines(database)),
    ...objectLines(database),
    ...sequenceLines(database),
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

function rowLines(database: DatabaseReport): readonly string[] {
  const { totals, tables } = database
  if (totals.tables === 0) return []
  const left = tables.filter(isUnfinished)
  const unfinished =
    totals.tablesUnfinished === 0
      ? []
      : [line('', styleText('red', `not all copied: ${named(left, totals.tablesUnfinished)}`))]
  // Of what is not copied yet the plan has an estimate.
  const copied = totals.bytes - totals.bytesUnfinished
  const size =
    totals.tablesUnfinished === 0 ? bytesText(totals.bytes) : `${bytesText(copied)} of about ${bytesText(totals.bytes)}`
  const amount = [tablesText(totals.tables, totals.largeObjects), numberOf(totals.rows, 'row'), size]
  return [
    line('rows', amount.join(', ')),
    ...besideLines(database),
    ...filteredLines(database),
    ...expressedLines(database),
    ...unfinished,
  ]
}

/** Whoever counts on the destination finds others among them. */
function besideLines({ tables, totals }: DatabaseReport): readonly string[] {
  const beside = rowsBeside(totals)
  if (beside === null) return []
  const names = named(
    tables.filter((table) => table.beside),
    totals.tablesBeside,
  )
  return [line('beside', `${besideText(beside)}: ${names}`)]
}

/** Whoever counts on the source finds more. */
function filteredLines({ tables, totals }: DatabaseReport): readonly string[] {
  const filtered = filteredRows([{ totals }])
  if (filtered === null) return []
  const rows = partOf(filtered.rows, filtered.of, 'row')
  const names = named(
    tables.filter(({ filter }) => filter),
    totals.tablesFiltered,
  )
  return [line('filtered', `${rows} by the filters of ${numberOf(totals.tablesFiltered, 'table')}: ${names}`)]
}

/** Whoever compares values finds others. */
function expressedLines({ tables, totals }: DatabaseReport): readonly string[] {
  const { tablesExpressed: count, columnsExpressed: columns } = totals
  if (count === 0) return []
  const expressed = tables.filter((table) => (table.expressed ?? []).length > 0)
  return [line('computed', `${numberOf(columns, 'column')} of ${numberOf(count, 'table')}: ${named(expressed, count)}`)]
}

/** The report lists the large objects of a database among its tables. */
function tablesText(tables: number, largeObjects: number): string {
  const own = numberOf(tables - largeObjects, 'table')
  return largeObjects === 0 ? own : `${own} and large objects`
}

function sequenceLines({ sequences, totals }: DatabaseReport): readonly string[] {
  if (totals.sequences === 0) return []
  const wrong = sequences.filter((sequence) => sequence.match === false)
  const { sequencesDifferent: count } = totals
  if (count > 0) return [line('sequences', styleText('red', `${count} differ: ${named(wrong, count)}`))]
  return [
    line('sequences', `${countText(totals.sequencesEqual)} of ${countText(totals.sequences)} set as on the source`),
  ]
}

function comparisonLines(database: DatabaseReport): readonly string[] {
  const { tables, totals } = database
  if (totals.tables === 0) return []
  const compared = totals.tablesEqual + totals.tablesDifferent
  if (compared === 0) return [line('compared', 'nothing')]
  const rest = totals.tables - compared
  const left = rest === 0 ? '' : `, ${numberOf(rest, 'table')} not compared`
  if (totals.tablesDifferent === 0) {
    const how = totals.tablesDigested > 0 ? 'every row' : 'row counts'
    const what = tablesText(totals.tablesEqual, totals.largeObjectsEqual)
    return [
      line(
        'compared',
        `${styleText('green', 'equal')}: ${how} of ${what}${butText(database)}${left}${computedText(database)}`,
      ),
    ]
  }
  const different = tables.filter((table) => table.match === false)
  const verdict = `${numberOf(totals.tablesDifferent, 'table')} DIFFER: ${named(different, totals.tablesDifferent)}`
  return [line('compared', `${styleText('red', verdict)}${left}`)]
}

/** Rows are equal but for what the digests cannot have. */
function butText({ tables, totals }: DatabaseReport): string {
  const { columnsNotCompared: count } = totals
  if (count === 0) return ''
  const columns = tables
    .filter(({ sourceDigest }) => sourceDigest !== null)
    .flatMap(({ name, notCompared }) => (notCompared ?? []).map((column) => ({ name: `${name}.${column}` })))
  return `, but not the values of ${numberOf(count, 'column')}: ${named(columns, count)}`
}

/** What the destination computes by itself is not among what is equal. */
function computedText({ tables, totals }: DatabaseReport): string {
  const { tablesComputed: count } = totals
  if (count === 0) return ''
  const computed = tables.filter((table) => (table.computed ?? []).length > 0)
  return `; computed columns of ${numberOf(count, 'table')} were made anew, not compared: ${named(computed, count)}`
}

/** REFRESH makes the rows of materialized views from what was copied: those of a stale one are others. */
function filledLines(database: DatabaseReport): readonly string[] {
  const { viewsFilled: count } = database.totals
  if (count === 0) return []
  const names = named(database.objects.filter(isFilledView), count)
  return [
    line('filled', `${numberOf(count, 'materialized view')} anew, rows not compared: ${names}`),
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

/** @param count of all, where those given are some of them */
function named(things: readonly { readonly name: string }[], count = things.length): string {
  const names = things.map(({ name }) => name)
  return names.length === 0 ? 'see the report' : listed(names, { most: NAMED, of: count })
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
