import { LARGE_OBJECTS_TITLE } from '../../../core/ledger/relation.ts'
import { type Html, html } from '../../../core/present/html.ts'
import { bytesText, countText, durationText, numberOf, partOf } from '../../../core/present/units.ts'
import type { DatabaseReport, TableReport } from '../model.ts'
import { besideText } from '../rows-beside.ts'
import { badge, dataTable, fold } from './parts.ts'

/** Few enough to be shown without a click. */
const SHOWN_OPEN = 40

/** The tables that differ: how, and where the rows lie. Never a row's value. */
export function differences({ tables, totals, details }: DatabaseReport): Html | null {
  const different = tables.filter((table) => table.match === false)
  if (different.length === 0) return null
  const columns = [
    { title: 'Table that differs', name: true },
    { title: 'Rows on the source', number: true },
    { title: 'on the destination', number: true },
    { title: 'What was found', name: true },
  ]
  const whole = { count: totals.tablesDifferent, details }
  return dataTable(
    columns,
    different,
    (table) => [html`<b>${table.name}</b>`, rowsText(table.rows), rowsText(table.destinationRows), found(table)],
    whole,
  )
}

function found({ name, difference, destinationRows, rows }: TableReport): Html {
  if (destinationRows === null) return html`the table is not on the destination`
  if (difference === null)
    return html`${rows === destinationRows ? 'as many rows, but not the same' : 'not as many rows'}`
  const { missing, surplus, different, complete, sourceChanged, places } = difference
  const parts = [
    missing > 0 ? `${countText(missing)} only on the source` : null,
    surplus > 0 ? `${countText(surplus)} only on the destination` : null,
    different > 0 ? `${countText(different)} with other values` : null,
  ].filter((part) => part !== null)
  const isLarge = name === LARGE_OBJECTS_TITLE
  const most = isLarge ? SHOWN_OPEN : 5
  const first = places.slice(0, most).map(({ side, ctid }) => html`<code>${ctid}</code> on the ${side}`)
  return html`${parts.length === 0 ? `no ${isLarge ? 'object' : 'row'} differs as both are now` : parts.join(', ')}${complete ? null : html` <span class="quiet">at least: looked into in part</span>`}
${first.length === 0 ? null : html`<br><span class="quiet">${isLarge ? 'large objects' : 'rows at ctid'} ${first.map((place, index) => html`${index > 0 ? ', ' : ''}${place}`)}${places.length > most ? ' …' : ''}</span>`}
${sourceChanged ? html`<br><span class="quiet">the source has been written to since the copy</span>` : null}`
}

/** The tables with what was moved and what the comparison says; those that need eyes first, then the largest. */
export function tableFold({ tables, totals, details }: DatabaseReport): Html | null {
  if (tables.length === 0) return null
  const largest = tables.reduce((most, { bytes }) => Math.max(most, bytes), 1)
  const sorted = [...tables].sort((one, other) => rank(one) - rank(other) || other.bytes - one.bytes)
  const columns = [
    { title: 'Table', name: true },
    { title: 'Rows', number: true },
    { title: 'Size', number: true },
    { title: 'Time', number: true },
    { title: 'Chunks', number: true },
    { title: 'Compared' },
    { title: 'Digest' },
  ]
  const row = (table: TableReport) => [
    html`${table.name}${namedOf(table)}${conditionOf(table)}${filterOf(table)}${besideOf(table)}${expressedOf(table)}${computedOf(table)}${notComparedOf(table)}${table.copiedAgain ? html`<br><span class="quiet">copied again: written to after the view was lost</span>` : null}${table.attempts === 0 ? null : html`<br><span class="quiet" title="${table.lastError ?? ''}">${numberOf(table.attempts, 'failed attempt')}</span>`}`,
    table.name === LARGE_OBJECTS_TITLE ? pagesText(table.rows) : rowsText(table.rows),
    html`${bytesText(table.bytes)}<span class="share" style="width:${Math.max(2, Math.round((table.bytes / largest) * 60))}px"></span>`,
    table.seconds === null ? '' : durationText(table.seconds),
    table.chunksDone === table.chunks
      ? html`<span title="${cutText(table)}">${countText(table.chunks)}</span>`
      : html`<span title="${cutText(table)}">${countText(table.chunksDone)} of ${countText(table.chunks)}</span>`,
    compared(table),
    digest(table),
  ]
  const title = totals.largeObjects > 0 ? 'Tables, and the large objects' : 'Tables'
  const content = dataTable(columns, sorted, row, { count: totals.tables, details })
  return fold(title, totals.tables, content, tables.length <= SHOWN_OPEN)
}

/** What the destination calls it. */
function namedOf({ as }: TableReport): Html | null {
  return as ? html` <span class="quiet">as ${as}</span>` : null
}

/** What the destination has computed. */
function computedOf({ computed }: TableReport): Html | null {
  if (!computed || computed.length === 0) return null
  return html`<br><span class="quiet">computed anew, not compared: ${computed.join(', ')}</span>`
}

/** Of an extension's table the rows that are the user's. */
function conditionOf({ where }: TableReport): Html | null {
  if (!where) return null
  const which = where === 'true' ? 'made by its extension' : `made by its extension: the rows where ${where}`
  return html`<br><span class="quiet">${which}</span>`
}

/** What the task's filter has let come. */
function filterOf({ filter, rows, rowsEstimated }: TableReport): Html | null {
  if (!filter) return null
  return html`<br><span class="quiet">${rows === null ? 'filtered' : `${partOf(rows, rowsEstimated, 'row')} by the filter`}: ${filter}</span>`
}

/** What became of its rows where others stood there and stay; the places are the destination's. */
function besideOf({ beside }: TableReport): Html | null {
  if (!beside) return null
  const { places } = beside
  const where = places.length === 0 ? '' : `; at ctid ${places.slice(0, 5).join(', ')}${places.length > 5 ? ' …' : ''}`
  return html`<br><span class="quiet">${besideText(beside)}${where}</span>`
}

/** What the digests leave out. */
function notComparedOf({ notCompared }: TableReport): Html | null {
  if (!notCompared || notCompared.length === 0) return null
  return html`<br><span class="quiet">values not compared, but NULL and not NULL: ${notCompared.join(', ')}</span>`
}

/** What the task has computed on the source. */
function expressedOf({ expressed }: TableReport): Html | null {
  if (!expressed || expressed.length === 0) return null
  return html`<br><span class="quiet">computed by the task: ${expressed.join(', ')}</span>`
}

/** How the table is cut and travels, under the pointer. */
function cutText({ cutReason, format, formatReason }: TableReport): string {
  const form = formatReason ? `${format}: ${formatReason}` : format
  return cutReason ? `${cutReason}; ${form}` : form
}

function rank(table: TableReport): number {
  if (table.match === false) return 0
  return table.match === null ? 1 : 2
}

function compared(table: TableReport): Html {
  if (table.match === true) return badge('good', table.sourceDigest === null ? 'same count' : 'equal')
  if (table.match === false) return badge('bad', 'differs')
  return badge('calm', table.chunksDone < table.chunks ? 'not copied' : 'not compared')
}

/** A digest is long; its last digits tell two apart, the whole stands in report.json and under the pointer. */
function digest({ sourceDigest, destinationDigest }: TableReport): Html | null {
  if (sourceDigest === null) return null
  const short = (text: string) => (text.length <= 9 ? text : `…${text.slice(-8)}`)
  const source = html`<span class="digest mono" title="source ${sourceDigest}">${short(sourceDigest)}</span>`
  if (destinationDigest === null || destinationDigest === sourceDigest) return source
  return html`${source}<br><span class="digest mono event-error" title="destination ${destinationDigest}">${short(destinationDigest)}</span>`
}

/** Large objects are counted by their pages, and one more each. */
function pagesText(pages: number | null): string {
  return pages === null ? '' : numberOf(pages, 'page')
}

function rowsText(rows: number | null): string {
  return rows === null ? '–' : countText(rows)
}
