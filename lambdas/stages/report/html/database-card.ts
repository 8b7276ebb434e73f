import { type Html, html } from '../../../core/present/html.ts'
import { durationText } from '../../../core/present/units.ts'
import type { DatabaseReport, EventReport } from '../model.ts'
import { clockText } from './format.ts'
import { brokenObjects, objectFolds } from './object-folds.ts'
import { badge, dataTable, detailsLink, errorBox, fold, type Tone } from './parts.ts'
import { sequenceFold } from './sequence-fold.ts'
import { differences, tableFold } from './table-fold.ts'

const WORDS: Readonly<Record<DatabaseReport['status'], readonly [tone: Tone, word: string]>> = {
  succeeded: ['good', 'complete'],
  failed: ['bad', 'failed'],
  planned: ['calm', 'planned'],
  'not-run': ['calm', 'not run'],
}

/**
 * One database: what is wrong first, then how long it took, then what has moved.
 * @param several whether there are others: the only one's error is the run's, and stands above already
 */
export function databaseCard(database: DatabaseReport, several: boolean): Html {
  const title = database.as === database.name ? database.name : `${database.name} → ${database.as}`
  return html`<section class="card">
<div class="title"><h2>${title}</h2>${badge(...wordOf(database))}</div>
${database.error === null || !several ? null : errorBox(database.error)}
${differences(database)}
${brokenObjects(database)}
${timings(database.steps)}
${tableFold(database)}
${objectFolds(database)}
${sequenceFold(database)}
${events(database.events)}
${database.details === null ? null : html`<p class="quiet details">Everything of this database, one JSON text on a line: ${detailsLink(database.details)}</p>`}
</section>
`
}

/** How it ended. One that nothing went wrong with was only cut off, by a stop or by what happened to the run. */
export function wordOf({ status, error }: DatabaseReport): readonly [tone: Tone, word: string] {
  return status === 'failed' && error === null ? ['warn', 'not complete'] : WORDS[status]
}

function timings(steps: DatabaseReport['steps']): Html | null {
  const total = steps.reduce((sum, step) => sum + step.seconds, 0)
  if (total === 0) return null
  const percent = (seconds: number) => ((seconds / total) * 100).toFixed(2)
  return html`<div class="bar" role="presentation">${steps.map((step, index) => html`<span class="s${index}" style="width:${percent(step.seconds)}%" title="${step.name}: ${durationText(step.seconds)}"></span>`)}</div>
<ul class="legend">${steps.map((step, index) => html`<li><i class="s${index}"></i>${step.name} <span class="count">${durationText(step.seconds)}</span></li>`)}</ul>`
}

function events(all: readonly EventReport[]): Html | null {
  if (all.length === 0) return null
  const columns = [{ title: 'UTC' }, { title: 'Step' }, { title: 'What happened', name: true }]
  return fold(
    'Events',
    all.length,
    dataTable(columns, all, (event) => [
      html`<span class="digest mono">${clockText(event.at)}</span>`,
      event.lane === null ? event.step : `${event.step} ${event.lane}`,
      html`<span class="event-${event.level}">${event.message}</span> <span class="kind">${event.code}</span>`,
    ]),
  )
}
