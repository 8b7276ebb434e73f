import { LARGE_OBJECTS_TITLE } from '../../../core/ledger/relation.ts'
import { BOAT, type Html, html } from '../../../core/present/html.ts'
import { bytesText, countText, durationText, numberOf, partOf } from '../../../core/present/units.ts'
import type { DatabaseReport, Report } from '../model.ts'
import { sideName } from '../task-report.ts'
import { filteredRows, sumOf } from '../totals.ts'
import { leftOutOfChoice } from '../unmade-objects.ts'
import { timeText } from './format.ts'
import { errorBox, type Tone } from './parts.ts'

const WORDS: Readonly<Record<Report['status'], readonly [tone: Tone, word: string]>> = {
  succeeded: ['good', 'Succeeded'],
  incomplete: ['warn', 'Succeeded in part'],
  failed: ['bad', 'Failed'],
  refused: ['warn', 'Refused by the precheck'],
  prechecked: ['good', 'Prechecked'],
  planned: ['good', 'Planned'],
}

const STOPPED: (typeof WORDS)['failed'] = ['warn', 'Stopped']

/** Somebody wanted it to end: nothing went wrong. */
function isStopped({ error }: Report): boolean {
  return error?.code === 'RUN_STOPPED'
}

/** The top of the page: how it ended, what is wrong, how much it was. */
export function opening(report: Report): Html {
  const [tone, word] = isStopped(report) ? STOPPED : WORDS[report.status]
  return html`<header>
<div class="brand">${BOAT}<b>Sampan</b> migration report<span>${timeText(report.finishedAt)}</span></div>
<span class="status ${tone}">${word}</span>
<h1>${report.run}</h1>
<p class="lead">${sentence(report)}</p>
${report.error === null ? null : errorBox(report.error, isStopped(report) || report.status === 'incomplete' ? 'warn' : 'bad')}
${report.notes.length === 0 ? null : html`<div class="box warn"><p class="cause">This report is not complete</p><ul>${report.notes.map((note) => html`<li>${note}</li>`)}</ul></div>`}
${route(report)}
${figures(report)}
</header>`
}

/** The end in one sentence: what a person wants to know first. */
function sentence(report: Report): string {
  switch (report.status) {
    case 'succeeded':
      return `${comparedText(report.databases)} ${leftOutText(report)}${leftOpen(report)}`
    case 'incomplete':
      return `Not everything has arrived. Of what has: ${comparedText(report.databases)} ${leftOpen(report)}`
    case 'failed':
      return `${failedText(report)} ${leftOpen(report)}`
    case 'refused':
      return 'The precheck found what would make the migration fail. Nothing was written to the destination.'
    case 'prechecked':
      return 'Only checks were asked for. Nothing was written to the destination.'
    case 'planned':
      return 'Only the plan was asked for: this is what a migration would do. No table was created and no row was copied.'
  }
}

function comparedText(databases: readonly DatabaseReport[]): string {
  const tables = sumOf(databases, 'tables')
  const equal = sumOf(databases, 'tablesEqual')
  if (tables === 0) return 'There were no rows to copy.'
  if (equal === 0) return `${numberOf(tables, 'table')} copied; the task asked for no comparison.`
  const digested = sumOf(databases, 'tablesDigested')
  const rest = tables - equal
  const how =
    digested === equal
      ? 'row for row and byte for byte'
      : digested === 0
        ? 'by the number of rows'
        : `${countText(digested)} of them byte for byte, the others by the number of rows`
  const left = rest === 0 ? '' : ` ${numberOf(rest, 'table')} could not be compared.`
  return `${rest === 0 && equal > 1 ? 'All ' : ''}${thingsText(databases)} ${equal === 1 ? 'is' : 'are'} equal on both sides, ${how}${butText(databases)}.${left}${anewText(databases)}`
}

function butText(databases: readonly DatabaseReport[]): string {
  const columns = sumOf(databases, 'columnsNotCompared')
  return columns === 0 ? '' : `, but for the values of ${numberOf(columns, 'column')}, not compared`
}

function anewText(databases: readonly DatabaseReport[]): string {
  const computed = sumOf(databases, 'tablesComputed')
  const filled = sumOf(databases, 'viewsFilled')
  const what = [
    ...(computed === 0 ? [] : [`computed columns of ${numberOf(computed, 'table')}`]),
    ...(filled === 0 ? [] : [numberOf(filled, 'materialized view')]),
  ]
  return what.length === 0 ? '' : ` Made anew, and not compared: ${what.join(' and ')}.`
}

/** What is equal. The large objects stand among the tables, but are none. */
function thingsText(databases: readonly DatabaseReport[]): string {
  const large = sumOf(databases, 'largeObjectsEqual')
  const own = sumOf(databases, 'tablesEqual') - large
  if (own === 0) return LARGE_OBJECTS_TITLE
  return large === 0 ? numberOf(own, 'table') : `${numberOf(own, 'table')} and the ${LARGE_OBJECTS_TITLE}`
}

function failedText(report: Report): string {
  const different = sumOf(report.databases, 'tablesDifferent')
  if (different > 0) return `${numberOf(different, 'table differs', 'tables differ')} between source and destination.`
  const failed = report.databases.filter((database) => database.status === 'failed').length
  if (failed > 0 && report.databases.length > 1) return `${failed} of ${report.databases.length} databases failed.`
  return 'The migration did not come to its end. What was finished stays; the same task started again continues there.'
}

function leftOutText(report: Report): string {
  const { count } = leftOutOfChoice(report)
  if (count === 0) return ''
  return `${numberOf(count, 'chosen object was', 'chosen objects were')} left out, as acknowledged. `
}

function leftOpen({ access }: Report): string {
  if (access.opened.length === 0) return ''
  if (access.open.length > 0) return `${numberOf(access.open.length, 'way', 'ways')} in still open.`
  return 'Every way in that was opened is closed again.'
}

function route({ task, databases }: Report): Html {
  const end = (side: 'source' | 'destination', label: string) => {
    const known = databases.find((database) => database[side].version !== null)?.[side]
    const version = known?.version ? `PostgreSQL ${known.version}` : null
    const facts = [version, task[side].region, known?.encoding].filter((fact) => typeof fact === 'string')
    return html`<div><span class="quiet">${label}</span><b>${sideName(task[side])}</b><span class="quiet">${facts.join(' · ')}</span></div>`
  }
  return html`<div class="route">${end('source', 'from')}<i aria-hidden="true">→</i>${end('destination', 'to')}</div>`
}

function figures({ databases, seconds, startedAt }: Report): Html | null {
  const ran = databases.filter(({ totals }) => totals.tables + totals.objects > 0)
  const figure = (value: string, label: string) => html`<div><b>${value}</b><span>${label}</span></div>`
  if (ran.length === 0) return null
  return html`<div class="figures">
${ran.length > 1 ? figure(countText(ran.length), 'databases') : null}
${figure(countText(sumOf(ran, 'tables') - sumOf(ran, 'largeObjects')), 'tables')}
${figure(countText(sumOf(ran, 'rows')), rowsLabel(ran))}
${figure(...bytesFigure(ran))}
${figure(countText(sumOf(ran, 'objects')), 'objects')}
<div title="since ${timeText(startedAt)}"><b>${durationText(seconds)}</b><span>from start to end</span></div>
</div>`
}

function rowsLabel(databases: readonly DatabaseReport[]): string {
  const filtered = filteredRows(databases)
  return filtered === null ? 'rows' : `rows; of filtered tables ${partOf(filtered.rows, filtered.of, 'row')}`
}

/** Of what is not copied yet the plan knows an estimate: the sum would pass for what has arrived. */
function bytesFigure(databases: readonly DatabaseReport[]): readonly [value: string, label: string] {
  const total = sumOf(databases, 'bytes')
  if (databases.some(({ status }) => status === 'planned')) return [bytesText(total), 'of data, estimated']
  if (sumOf(databases, 'tablesUnfinished') === 0) return [bytesText(total), 'of data']
  return [bytesText(total - sumOf(databases, 'bytesUnfinished')), `of about ${bytesText(total)}`]
}
