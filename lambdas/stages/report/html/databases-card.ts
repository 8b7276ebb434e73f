import { type Html, html } from '../../../core/present/html.ts'
import { bytesText, countText, durationText, numberOf } from '../../../core/present/units.ts'
import type { DatabaseReport } from '../model.ts'
import { wordOf } from './database-card.ts'
import { badge, dataTable, detailsLink, fold } from './parts.ts'

const COLUMNS = [
  { title: 'Database', name: true },
  { title: 'End' },
  { title: 'Compared', short: true },
  { title: 'Tables', number: true },
  { title: 'Rows', number: true },
  { title: 'Size', number: true },
  { title: 'Time', number: true },
  { title: 'Details', short: true },
]

/** So many that need attention are shown without a click. */
const SHOWN_OPEN = 100

/**
 * Many databases, a line each: those that need attention before the reader's eyes, all of them folded.
 * @param databases those that need attention first
 * @param carded how many of them have a card of their own below
 */
export function databasesCard(databases: readonly DatabaseReport[], carded: number): Html {
  const urgent = databases.filter(needsAttention)
  const shown = urgent.slice(0, SHOWN_OPEN)
  return html`<section class="card"><div class="title"><h2>${numberOf(databases.length, 'database')}</h2>${
    urgent.length === 0 ? badge('good', 'nothing to look at') : badge('bad', `${countText(urgent.length)} to look at`)
  }</div>
${carded === databases.length ? null : html`<p class="quiet">${numberOf(carded, 'database')} in full below: those to look at, then the largest.</p>`}
${shown.length === 0 ? null : table(shown)}
${fold('All databases', databases.length, table(databases))}
</section>
`
}

/** Whether somebody has to do something about it. */
export function needsAttention({ status, totals }: DatabaseReport): boolean {
  return status === 'failed' || totals.tablesDifferent + totals.failed + totals.blocked > 0
}

function table(databases: readonly DatabaseReport[]): Html {
  const detailed = databases.some(({ details }) => details !== null)
  return dataTable(detailed ? COLUMNS : COLUMNS.slice(0, -1), databases, (database) => {
    const { name, as, totals, steps, error, details } = database
    const seconds = steps.reduce((sum, step) => sum + step.seconds, 0)
    return [
      html`${name}${as === name ? null : html` <span class="quiet">as ${as}</span>`}`,
      html`${badge(...wordOf(database))}${error === null ? null : html`<br><span class="kind" title="${error.message}">${error.code}</span>`}`,
      compared(totals),
      countText(totals.tables - totals.largeObjects),
      countText(totals.rows),
      bytesText(totals.bytes),
      seconds === 0 ? '' : durationText(seconds),
      ...(detailed ? [details === null ? '' : detailsLink(details)] : []),
    ]
  })
}

function compared({ tables, tablesEqual, tablesDifferent }: DatabaseReport['totals']): Html {
  if (tablesDifferent > 0) return badge('bad', tablesDifferent === 1 ? '1 differs' : `${tablesDifferent} differ`)
  if (tables === 0) return html``
  return tablesEqual === tables ? badge('good', 'equal') : badge('calm', `${tablesEqual} of ${tables}`)
}
