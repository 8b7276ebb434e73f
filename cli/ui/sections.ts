import { type Html, html } from '../../lambdas/core/present/html.ts'
import { bytesText, countText, durationText, numberOf } from '../../lambdas/core/present/units.ts'
import { describeLimits } from '../limits-text.ts'
import { describeLeft } from '../progress/counts.ts'
import { runStages } from '../progress/stages.ts'
import { databasesSection, standingOf } from './database-section.ts'
import { retryBoxes, stepList } from './parts.ts'
import { speedsOf } from './samples.ts'
import { movedBy, type Notice, type PageState } from './state.ts'
import { verdictOf } from './verdict.ts'

/** The parts of the page that change, by the id of their element. */
export interface Sections {
  readonly status: string
  readonly steps: string
  readonly figures: string
  readonly speed: string
  readonly databases: string
  readonly notices: string
  readonly holds: string
}

export const sectionNames = ['status', 'steps', 'figures', 'speed', 'databases', 'notices', 'holds'] as const

/** What the page shows of a run. Pure. @param now milliseconds since 1970 */
export function sectionsOf(state: PageState, now: number): Sections {
  const databases = [...state.databases.values()]
  return {
    status: status(state).text,
    steps: html`${stepList(runStages, state.whole, now)}${retryBoxes(state.whole, now)}`.text,
    figures: figures(state, now).text,
    speed: speed(state).text,
    databases: databasesSection(databases, now).text,
    notices: notices(state).text,
    holds: holds(state).text,
  }
}

/** What the browser's tab is called: how far it is, where several are open. Pure. */
export function titleOf(state: PageState): string {
  const name = state.run?.name ?? 'Sampan'
  if (state.end !== null) return `${verdictOf(state).word}: ${name}`
  const { bytes, moved } = amounts(state)
  return bytes === 0 ? name : `${Math.min(100, Math.floor((100 * moved) / bytes))} % ${name}`
}

function status(state: PageState): Html {
  const { tone, word, sentence } = verdictOf(state)
  const { run, end } = state
  const error = end?.error ?? null
  const code = error === null ? null : error.code === 'PrecheckRefused' ? 'PRECHECK_REFUSED' : error.code
  return html`<span class="status ${tone}">${word}</span>
<h1>${run?.name ?? 'Sampan'}</h1>
<p class="lead">${sentence}</p>
${
  error === null
    ? null
    : html`<div class="box ${tone === 'bad' ? 'bad' : 'warn'}"><p class="cause">${error.message}</p>
<p><span class="arrow">→</span> ${error.remedy}</p><p class="code">${code}</p></div>`
}
${
  end === null
    ? null
    : html`<p class="quiet ended">Ended ${timeText(end.at)} after ${durationText(end.milliseconds / 1000)}, exit status ${end.exitStatus}. This page changes no more.${
        end.report === null ? null : html` Report: <span class="mono">${end.report.replace(/json$/, 'html')}</span>`
      }</p>`
}`
}

function amounts({ databases }: PageState) {
  const counts = [...databases.values()].flatMap((database) => database.counts ?? [])
  const sum = (of: (count: (typeof counts)[number]) => number) => counts.reduce((all, count) => all + of(count), 0)
  return {
    bytes: sum(({ bytes }) => bytes),
    moved: sum(({ bytesDone, bytesMoving }) => bytesDone + bytesMoving),
    rows: sum(({ rows, rowsMoving }) => rows + rowsMoving),
    objects: sum(({ objects }) => objects),
    objectsDone: sum(({ objectsDone }) => objectsDone),
  }
}

function figures(state: PageState, now: number): Html {
  const { bytes, moved, rows, objects, objectsDone } = amounts(state)
  const figure = (value: string, label: string) => html`<div><b>${value}</b><span>${label}</span></div>`
  const done = [...state.databases.values()].filter((database) => standingOf(database) === 'done').length
  const since =
    state.end === null ? now - Date.parse(state.run?.at ?? new Date(now).toISOString()) : state.end.milliseconds
  return html`<div class="figures">
${state.databases.size > 1 ? figure(`${countText(done)} of ${countText(state.databases.size)}`, 'databases done') : null}
${figure(countText(rows), 'rows')}
${figure(bytesText(moved), bytes === 0 ? 'of data' : `of about ${bytesText(bytes)}`)}
${objects === 0 ? null : figure(`${countText(objectsDone)} of ${countText(objects)}`, 'objects')}
${figure(durationText(Math.max(0, since) / 1000), state.end === null ? 'so far' : 'from start to end')}
</div>`
}

/** The plot in words, for whoever does not see it. */
function speed(state: PageState): Html {
  const { bytes } = speedsOf(state.samples)
  const left = [...state.databases.values()].flatMap(({ counts }) => (counts?.left ? describeLeft(counts) : []))
  const moved = movedBy(state)
  const words = [
    ...(state.end === null ? [`now ${bytesText(bytes.at(-1) ?? 0)}/s`] : []),
    `at most ${bytesText(Math.max(0, ...bytes))}/s`,
    `${bytesText(moved.bytes)} and ${countText(moved.rows)} rows by this start`,
    ...(left.length === 1 && state.end === null ? left : []),
  ]
  return html`${words.join(', ')}`
}

function notices({ notices: found, retries }: PageState): Html {
  if (found.length === 0) return html`<p class="quiet">Nothing so far: no warning, no attempt that failed.</p>`
  return html`${retries === 0 ? null : html`<p class="quiet">${numberOf(retries, 'attempt')} failed and made again.</p>`}
<ul class="notices">${found.map(noticeLine)}</ul>`
}

function noticeLine({ at, database, text, remedy }: Notice): Html {
  return html`<li><span class="time">${timeText(at)}</span> ${database === null ? null : html`<b>${database}</b> `}${text}${
    remedy === null ? null : html`<br><span class="arrow">→</span> ${remedy}`
  }</li>`
}

/** What lanes keep to in each database that copies. */
function holds({ databases }: PageState): Html {
  const found = [...databases.values()].flatMap(({ name, counts }) =>
    counts === null || counts.limits === null
      ? []
      : [
          {
            name,
            text: describeLimits({
              ...counts.limits,
              pace: counts.pace,
              paceReason: counts.paceReason,
              paused: counts.paused,
            }),
          },
        ],
  )
  if (found.length === 0)
    return html`<p class="quiet">The copy is not planned yet: the limits of the task will hold there.</p>`
  const texts = new Set(found.map(({ text }) => text))
  if (texts.size === 1) return html`<p>Now: ${found[0]?.text ?? ''}</p>`
  return html`<ul>${found.slice(0, 8).map(({ name, text }) => html`<li><b>${name}</b>: ${text}</li>`)}</ul>`
}

function timeText(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`
}
