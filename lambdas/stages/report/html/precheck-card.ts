import { type Html, html } from '../../../core/present/html.ts'
import { countText } from '../../../core/present/units.ts'
import type { PrecheckReport, Report } from '../model.ts'
import { acknowledgement } from '../refusal.ts'
import { badge, dataTable, fold, type Tone } from './parts.ts'

const LEVELS: Readonly<Record<PrecheckReport['level'], readonly [tone: Tone, rank: number]>> = {
  error: ['bad', 0],
  warning: ['warn', 1],
  info: ['calm', 2],
}

/** What the precheck found, what could not be asked, and, folded, what passed. */
export function precheckCard({ prechecks, prechecksLeft, score, status }: Report): Html | null {
  if (prechecks.length === 0 && score === null) return null
  const found = prechecks.filter((check) => check.status === 'found').sort((one, other) => rank(one) - rank(other))
  const notRun = prechecks.filter((check) => check.status === 'not-run')
  const passed = prechecks.filter((check) => check.status === 'passed')
  const tone: Tone =
    status === 'refused'
      ? 'bad'
      : found.some((check) => check.level !== 'info' && !check.acknowledged)
        ? 'warn'
        : 'good'
  const pasted = acknowledgement(prechecks)
  return html`<section class="card"><div class="title"><h2>Prechecks</h2>${score === null ? null : badge(tone, `${Math.round(score)} of 100`)}</div>
${pasted === null ? null : html`<p style="margin-top:10px">To accept the warnings that stand in the way, put into the task: <code>${pasted}</code></p>`}
${found.length === 0 ? html`<p class="quiet" style="margin-top:10px">Nothing was found.</p>` : findings(found)}
${notRun.length === 0 ? null : fold('Could not be asked', notRun.length, findings(notRun))}
${passed.length === 0 ? null : fold('Passed', passed.length, titles(passed))}
${prechecksLeft === 0 ? null : html`<p class="quiet">${countText(prechecksLeft)} more are in precheck.json.</p>`}
</section>
`
}

function rank(check: PrecheckReport): number {
  return LEVELS[check.level][1] + (check.acknowledged ? 10 : 0)
}

function findings(checks: readonly PrecheckReport[]): Html {
  const columns = [{ title: 'Level' }, { title: 'What was found, and what to do', name: true }]
  return dataTable(columns, checks, (check) => [
    html`${badge(check.acknowledged ? 'calm' : LEVELS[check.level][0], check.acknowledged ? 'accepted' : check.level)}`,
    html`${check.database === null ? null : html`<b>${check.database}</b>: `}${check.cause} <span class="kind">${check.code}</span>
${check.remedy === '' ? null : html`<br><span class="arrow">→</span> ${check.remedy}`}
${check.details.length === 0 ? null : html`<ul class="quiet" style="margin:4px 0 0;padding-left:20px">${check.details.map((detail) => html`<li>${detail}</li>`)}</ul>`}`,
  ])
}

function titles(checks: readonly PrecheckReport[]): Html {
  return dataTable([{ title: 'What holds' }, { title: 'Database' }], checks, (check) => [
    html`${check.title} <span class="kind">${check.code}</span>`,
    check.database ?? '',
  ])
}
