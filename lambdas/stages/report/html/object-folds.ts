import { type Html, html } from '../../../core/present/html.ts'
import { countText } from '../../../core/present/units.ts'
import type { ObjectReport } from '../model.ts'
import { badge, dataTable, fold, type Tone } from './parts.ts'

const COLUMNS = [{ title: 'Kind' }, { title: 'Object', name: true }, { title: 'Why', name: true }]

/** What failed, open before the reader's eyes. */
export function brokenObjects(objects: readonly ObjectReport[]): Html | null {
  return group(objects, ['failed', 'blocked'], 'Objects that failed, and those that need them', true)
}

/** The other objects, folded. */
export function objectFolds(objects: readonly ObjectReport[]): Html | null {
  if (objects.length === 0) return null
  return html`${group(objects, ['pending'], 'Objects not dealt with yet', false)}
${group(objects, ['skipped'], 'Objects left out, and why', false)}
${group(objects, ['transformed'], 'Objects changed on the way', false)}
${arrived(objects.filter((object) => object.status === 'migrated'))}`
}

const TONES: Readonly<Record<ObjectReport['status'], Tone>> = {
  pending: 'calm',
  migrated: 'good',
  transformed: 'good',
  skipped: 'calm',
  failed: 'bad',
  blocked: 'warn',
}

function group(
  objects: readonly ObjectReport[],
  statuses: readonly ObjectReport['status'][],
  title: string,
  open: boolean,
): Html | null {
  const chosen = statuses.flatMap((status) => objects.filter((object) => object.status === status))
  if (chosen.length === 0) return null
  const marked = statuses.length > 1
  const content = dataTable(COLUMNS, chosen, (object) => [
    html`<span class="kind">${object.kind}</span>`,
    html`${object.name}${marked ? html` ${badge(TONES[object.status], object.status)}` : null}`,
    why(object),
  ])
  return fold(title, chosen.length, content, open)
}

function why({ reason, error }: ObjectReport): Html {
  if (error === null) return html`${reason ?? ''}`
  const blocked = reason === null ? null : html`<br><span class="quiet">${reason}</span>`
  return html`${error.message} <span class="kind">${error.code}</span>${blocked}`
}

/** Thousands may have arrived: counts by kind, and the names under each. */
function arrived(objects: readonly ObjectReport[]): Html | null {
  if (objects.length === 0) return null
  const kinds = [...Map.groupBy(objects, (object) => object.kind)].sort(
    ([, one], [, other]) => other.length - one.length,
  )
  const chips = kinds.map(
    ([kind, ones]) =>
      html`<span class="chip">${kind.toLowerCase()} <span class="count">${countText(ones.length)}</span></span>`,
  )
  const columns = [{ title: 'Kind' }, { title: 'Object', name: true }]
  const names = dataTable(columns, objects, (object) => [html`<span class="kind">${object.kind}</span>`, object.name])
  return fold('Objects that arrived', objects.length, html`<p style="margin-top:12px">${chips}</p>${names}`)
}
