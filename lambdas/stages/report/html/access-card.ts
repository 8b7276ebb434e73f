import { type Html, html } from '../../../core/present/html.ts'
import type { AccessEntryReport, Report } from '../model.ts'
import { clockText, timeText } from './format.ts'
import { badge, dataTable } from './parts.ts'

const COLUMNS = [
  { title: 'Way in', name: true },
  { title: 'For', short: true },
  { title: 'Opened', short: true },
  { title: 'Closed' },
]

/** What was opened for the run's time, and that it is closed again. */
export function accessCard({ access }: Report): Html {
  const { opened, closed, open, notes, closedAt } = access
  const stillOpen = new Set(open.map(keyOf))
  const closedTimes = new Map(closed.map((entry) => [keyOf(entry), entry.closedAt ?? null]))
  const sorted = [...opened].sort(
    (one, other) => Number(stillOpen.has(keyOf(other))) - Number(stillOpen.has(keyOf(one))),
  )
  const state =
    open.length > 0
      ? badge(closedAt === null ? 'warn' : 'bad', `${open.length} open`)
      : badge('good', opened.length === 0 ? 'nothing was opened' : 'nothing left open')
  const table = dataTable(COLUMNS, sorted, (entry) => [
    html`${peerOf(entry)}<br><span class="quiet">${placeOf(entry)}</span>`,
    entry.purpose ?? '',
    entry.openedAt ? moment(entry.openedAt) : '',
    closedText(entry, stillOpen, closedTimes),
  ])
  return html`<section class="card"><div class="title"><h2>Access</h2>${state}</div>
${opened.length === 0 ? null : table}
${notes.length === 0 ? null : html`<ul class="quiet notes">${notes.map((note) => html`<li>${note.message} <span class="kind">${note.code}</span></li>`)}</ul>`}
</section>
`
}

function closedText(
  entry: AccessEntryReport,
  stillOpen: ReadonlySet<string>,
  closedTimes: ReadonlyMap<string, string | null>,
): Html {
  if (stillOpen.has(keyOf(entry))) return badge('bad', 'still open')
  if (entry.existedBefore) return html`<span class="quiet">stood before, left as it was</span>`
  const at = closedTimes.get(keyOf(entry))
  return html`${at ? moment(at) : ''}`
}

/** The day is on top of the page already. */
function moment(iso: string): Html {
  return html`<span class="short" title="${timeText(iso)}">${clockText(iso)} UTC</span>`
}

function keyOf(entry: AccessEntryReport): string {
  const { kind, region, group, instance, port, cidr, sourceGroup } = entry
  return JSON.stringify([kind, region, group, instance, port, cidr, sourceGroup])
}

function peerOf(entry: AccessEntryReport): string {
  return `${entry.cidr ?? entry.sourceGroup ?? ''}${entry.port ? ` to port ${entry.port}` : ''}`
}

function placeOf(entry: AccessEntryReport): string {
  const place =
    entry.kind === 'whitelist-entry' ? `whitelist group ${entry.group}` : `${entry.group} ${entry.ruleId ?? ''}`
  return [place.trim(), entry.instance, entry.region].filter((part) => typeof part === 'string').join(' · ')
}
