import { type Content, type Html, html } from '../../../core/present/html.ts'
import { countText } from '../../../core/present/units.ts'
import type { ReportError } from '../model.ts'

export type Tone = 'good' | 'bad' | 'warn' | 'calm'

/** A small word with a colour; the word alone says it too. */
export function badge(tone: Tone, word: string): Html {
  return html`<span class="badge ${tone}">${word}</span>`
}

export interface Column {
  readonly title: string
  /** Numbers stand to the right. */
  readonly number?: boolean
  /** Never broken into lines. */
  readonly short?: boolean
  /** Names of any length: broken where need be, but never squeezed to a letter a line on a small screen. */
  readonly name?: boolean
}

/** More rows than a browser shows with ease. */
const MOST_ROWS = 2_000

/** What a table is a part of. */
export interface Whole {
  /** How many rows there are of it. */
  readonly count: number
  /** The document that has all; `null`: report.json. */
  readonly details: string | null
}

/**
 * A table whose rows are made one by one, so that what is not shown is not made.
 * @param whole where the items are some of more
 */
export function dataTable<Item>(
  columns: readonly Column[],
  items: readonly Item[],
  row: (item: Item) => readonly Content[],
  whole: Whole = { count: items.length, details: null },
): Html {
  const shown = items.slice(0, MOST_ROWS)
  const titled = columns.some((column) => column.title !== '')
  const cell = (content: Content, index: number) => html`<td${classOf(columns[index])}>${content}</td>`
  return html`<div class="scroll"><table>
${titled ? html`<thead><tr>${columns.map(({ title, number }) => html`<th${number ? html` class="number"` : null}>${title}</th>`)}</tr></thead>` : null}
<tbody>
${shown.map((item) => html`<tr>${row(item).map(cell)}</tr>\n`)}</tbody>
</table></div>${
    whole.count > shown.length
      ? html`<p class="quiet">${countText(whole.count - shown.length)} more are in ${whole.details === null ? 'report.json' : detailsLink(whole.details)}.</p>`
      : null
  }`
}

/** To a document beside the page. Its name is ours: a number. */
export function detailsLink(details: string): Html {
  const path = details.split('/').slice(-2).join('/')
  return html`<a href="${path}">${path}</a>`
}

function classOf(column: Column | undefined): Html | null {
  const word = column?.number ? 'number' : column?.short ? 'short' : column?.name ? 'name' : null
  return word === null ? null : html` class="${word}"`
}

/** Something that opens on a click, without a script. */
export function fold(title: Content, count: number | null, content: Content, open = false): Html {
  const number = count === null ? null : html` <span class="count">${countText(count)}</span>`
  return open
    ? html`<details open><summary>${title}${number}</summary>${content}</details>`
    : html`<details><summary>${title}${number}</summary>${content}</details>`
}

/** What went wrong and what to do about it; in boxes of their own what was found beside it. */
export function errorBox({ besides, ...first }: ReportError, tone: 'bad' | 'warn' = 'bad'): Html {
  return html`${[first, ...(besides ?? [])].map(
    (error) => html`<div class="box ${tone}"><p class="cause">${error.message}</p>
<p><span class="arrow">→</span> ${error.remedy}</p><p class="code">${error.code}</p></div>`,
  )}`
}
