import { type Html, html } from '../../lambdas/core/present/html.ts'
import { durationText } from '../../lambdas/core/present/units.ts'
import type { StageState } from '../progress/model.ts'
import type { Stage } from '../progress/stages.ts'
import type { PartState, RetryTold } from './state.ts'

/** A shape beside the colour, and the word for those who see neither. */
const SIGNS: Readonly<Record<StageState, readonly [sign: string, word: string]>> = {
  waiting: ['○', 'to come'],
  active: ['●', 'at work'],
  done: ['✓', 'done'],
  failed: ['✕', 'failed'],
  skipped: ['–', 'left out'],
}

/** The stages of a run or of a database, in order, as they stand. */
export function stepList(stages: readonly Stage[], part: PartState, now: number): Html {
  return html`<ol class="steps">${stages.map((stage) => {
    const told = part.stages.get(stage.id)
    const state: StageState = told?.state ?? 'waiting'
    const [sign, word] = SIGNS[state]
    const time = timeOf(told, now)
    return html`<li class="${state}"><i aria-hidden="true">${sign}</i><span>${stage.title}</span> <span class="hidden">${word}</span>${
      time === null ? null : html` <span class="time">${time}</span>`
    }</li>`
  })}</ol>`
}

/** @param now milliseconds since 1970 */
function timeOf(told: { state: StageState; at: string; milliseconds: number } | undefined, now: number): string | null {
  if (told === undefined || told.state === 'skipped') return null
  const passed = told.state === 'active' ? Math.max(0, now - Date.parse(told.at)) : 0
  return durationText((told.milliseconds + passed) / 1000)
}

/** What is waited for, why, what ends it, and when it is tried again. */
export function retryBoxes({ retries }: PartState, now: number): readonly Html[] {
  return [...retries.values()].map((retry) => retryBox(retry, now))
}

function retryBox({ code, message, remedy, again }: RetryTold, now: number): Html {
  const left = Math.ceil((Date.parse(again) - now) / 1000)
  const when = left <= 0 ? 'tried again now' : `tried again in ${durationText(left)}`
  return html`<div class="box warn"><p class="cause">${message}</p>
<p><span class="arrow">→</span> ${remedy}</p><p class="code">${code}, ${when}</p></div>`
}

/** How much of something is done, drawn and in words. */
export function meter(label: string, done: number, all: number): Html {
  const percent = all === 0 ? 100 : Math.min(100, Math.floor((100 * done) / all))
  return html`<progress aria-label="${label}" max="100" value="${percent}"></progress><span class="percent">${percent} %</span>`
}
