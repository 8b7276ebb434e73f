import { type Html, html } from '../../lambdas/core/present/html.ts'
import { bytesText, durationText } from '../../lambdas/core/present/units.ts'
import { describeCounts } from '../progress/counts.ts'
import type { EventOf } from '../progress/events.ts'
import type { Counts } from '../progress/model.ts'
import { databaseStages } from '../progress/stages.ts'
import { meter, retryBoxes, stepList } from './parts.ts'
import type { DatabaseState } from './state.ts'
import type { Tone } from './verdict.ts'

/** So many databases have a card; the others are lines of a table. Four are migrated at once. */
const MOST_CARDS = 4
const MOST_LINES = 50

type Standing = 'failed' | 'active' | 'done' | 'waiting'
const WORDS: Readonly<Record<Standing, readonly [tone: Tone, word: string]>> = {
  failed: ['bad', 'failed'],
  active: ['calm', 'at work'],
  done: ['good', 'done'],
  waiting: ['calm', 'to come'],
}
const ORDER: readonly Standing[] = ['failed', 'active', 'done', 'waiting']

/** How a database stands, by its stages. Pure. */
export function standingOf({ stages }: DatabaseState): Standing {
  const states = new Set([...stages.values()].map(({ state }) => state))
  if (states.has('failed')) return 'failed'
  if (states.has('active')) return 'active'
  if (stages.get('seal')?.state === 'done') return 'done'
  // Of a plan, and of a run that an earlier start has completed, the rest is left out.
  if (states.has('done') && databaseStages.every(({ id }) => stages.has(id))) return 'done'
  return states.has('done') ? 'active' : 'waiting'
}

/** Cards of those at work, failed or last done; the others as lines. Pure. */
export function databasesSection(databases: readonly DatabaseState[], now: number): Html {
  const sorted = databases
    .map((database) => ({ database, standing: standingOf(database) }))
    .toSorted((one, other) => ORDER.indexOf(one.standing) - ORDER.indexOf(other.standing))
  const shown = databases.length <= MOST_CARDS ? sorted : sorted.filter(({ standing }) => standing === 'active')
  const cards = shown.slice(0, MOST_CARDS)
  const rest = sorted.filter((one) => !cards.includes(one))
  const lines = rest.slice(0, MOST_LINES)
  return html`${cards.map(({ database, standing }) => card(database, standing, now))}
${
  rest.length === 0
    ? null
    : html`<section class="card"><h2>${cards.length === 0 ? 'Databases' : 'Other databases'}</h2><div class="scroll"><table>
<tbody>${lines.map((one) => line(one.database, one.standing))}</tbody></table></div>${
        rest.length > lines.length ? html`<p class="quiet">and ${rest.length - lines.length} more</p>` : null
      }</section>`
}`
}

function badge(standing: Standing): Html {
  const [tone, word] = WORDS[standing]
  return html`<span class="badge ${tone}">${word}</span>`
}

function line(database: DatabaseState, standing: Standing): Html {
  const failed = [...database.stages.values()].find(({ state }) => state === 'failed')
  const { counts } = database
  const amount =
    counts === null ? '' : `${bytesText(counts.bytesDone + counts.bytesMoving)} of ${bytesText(counts.bytes)}`
  return html`<tr><td class="name">${database.name}</td><td class="short">${badge(standing)}</td><td>${failed?.detail ?? amount}</td></tr>`
}

function card(database: DatabaseState, standing: Standing, now: number): Html {
  const failed = [...database.stages.values()].find(({ state }) => state === 'failed')
  return html`<section class="card"><div class="title"><h2>${database.name}</h2>${badge(standing)}</div>
${stepList(databaseStages, database, now)}
${failed === undefined ? null : html`<div class="box bad"><p class="cause">${failed.detail}</p></div>`}
${retryBoxes(database, now)}
${standing === 'active' ? work(database) : null}
</section>`
}

/** What a database is at: how far all of it is, its tables, its lanes, what the destination builds. */
function work(database: DatabaseState): Html | null {
  const { counts, tables, lanes } = database
  if (counts === null) return null
  const active = [...database.stages.values()].filter(({ state }) => state === 'active').map(({ stage }) => stage)
  const told = active.map((stage) => describeCounts(stage, 'active', toCounts(counts))).filter((text) => text !== '')
  const copies = active.includes('copy') && counts.bytes > 0
  const moved = counts.bytesDone + counts.bytesMoving
  return html`${copies ? html`<p class="meter whole">${meter(`copy of ${database.name}`, moved, counts.bytes)}</p>` : null}
${told.map((text) => html`<p class="now">${text}</p>`)}
${copies && tables.length > 0 ? tableRows(tables) : null}
${
  copies && lanes.length > 0
    ? html`<h3>Lanes</h3><ul class="lanes">${lanes.map(
        ({ lane, table, bytes }) =>
          html`<li class="chip"><b>${lane}</b> ${table} <span class="count">${bytesText(bytes)}</span></li>`,
      )}</ul>`
    : null
}
${active.includes('index') && counts.statements.length > 0 ? statementRows(counts.statements) : null}`
}

function toCounts({ bytesPerSecond, left, ...progress }: EventOf<'counts'>): Counts {
  return { progress, bytesPerSecond, left }
}

function tableRows(tables: DatabaseState['tables']): Html {
  return html`<h3>Tables under way</h3><div class="scroll"><table>
<thead><tr><th>Table</th><th>Copied</th><th class="number">Size</th><th class="number">Speed</th><th class="number">Left</th></tr></thead>
<tbody>${tables.map(({ name, bytes, bytesDone, bytesMoving, bytesPerSecond }) => {
    const moved = bytesDone + bytesMoving
    const left = bytesPerSecond === 0 ? null : Math.max(0, bytes - moved) / bytesPerSecond
    return html`<tr><td class="name">${name}</td><td class="meter">${meter(name, moved, bytes)}</td>
<td class="number">${bytesText(bytes)}</td><td class="number">${bytesPerSecond === 0 ? '' : `${bytesText(bytesPerSecond)}/s`}</td>
<td class="number">${left === null || left < 1 ? '' : durationText(left)}</td></tr>`
  })}</tbody></table></div>`
}

function statementRows(statements: EventOf<'counts'>['statements']): Html {
  return html`<h3>The destination builds</h3><div class="scroll"><table><tbody>${statements.map(
    ({ name, phase, done, seconds }) => html`<tr><td class="name">${name}</td><td class="name">${phase ?? ''}</td>
<td class="meter">${done === null ? null : meter(name, done, 1)}</td><td class="number">${durationText(seconds)}</td></tr>`,
  )}</tbody></table></div>`
}
