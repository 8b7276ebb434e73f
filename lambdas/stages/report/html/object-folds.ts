import { type Html, html } from '../../../core/present/html.ts'
import { countText } from '../../../core/present/units.ts'
import type { DatabaseReport, ObjectReport } from '../model.ts'
import { badge, dataTable, fold, type Tone } from './parts.ts'

const COLUMNS = [{ title: 'Kind' }, { title: 'Object', name: true }, { title: 'Why', name: true }]

/** What failed, open before the reader's eyes. */
export function brokenObjects(database: DatabaseReport): Html | null {
  return group(database, ['failed', 'blocked'], 'Objects that failed, and those that need them', true)
}

/** The other objects, folded. */
export function objectFolds(database: DatabaseReport): Html | null {
  if (database.totals.objects === 0) return null
  return html`${group(database, ['pending'], 'Objects not dealt with yet', false)}
${group(database, ['skipped'], 'Objects left out, and why', false)}
${group(database, ['transformed'], 'Objects changed on the way', false)}
${arrived(database)}`
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
  { objects, totals, details }: DatabaseReport,
  statuses: readonly ObjectReport['status'][],
  title: string,
  open: boolean,
): Html | null {
  const chosen = statuses.flatMap((status) => objects.filter((object) => object.status === status))
  const count = statuses.reduce((sum, status) => sum + totals[status], 0)
  if (count === 0) return null
  const marked = statuses.length > 1
  const row = (object: ObjectReport) => [
    html`<span class="kind">${object.kind}</span>`,
    html`${object.name}${marked ? html` ${badge(TONES[object.status], object.status)}` : null}`,
    why(object),
  ]
  return fold(title, count, dataTable(COLUMNS, chosen, row, { count, details }), open)
}

function why({ reason, error }: ObjectReport): Html {
  if (error === null) return html`${reason ?? ''}`
  const blocked = reason === null ? null : html`<br><span class="quiet">${reason}</span>`
  return html`${error.message} <span class="kind">${error.code}</span>${blocked}`
}

/** Thousands may have arrived: counts by kind where all are listed, and the names under each. */
function arrived({ objects: all, totals, details }: DatabaseReport): Html | null {
  if (totals.migrated === 0) return null
  const objects = all.filter(({ status }) => status === 'migrated')
  const kinds = [...Map.groupBy(objects, (object) => object.kind)].sort(
    ([, one], [, other]) => other.length - one.length,
  )
  const chips = kinds.map(
    ([kind, ones]) =>
      html`<span class="chip">${kind.toLowerCase()} <span class="count">${countText(ones.length)}</span></span>`,
  )
  const columns = [{ title: 'Kind' }, { title: 'Object', name: true }]
  const row = (object: ObjectReport) => [html`<span class="kind">${object.kind}</span>`, object.name]
  const names = dataTable(columns, objects, row, { count: totals.migrated, details })
  const counts = objects.length < totals.migrated ? null : html`<p style="margin-top:12px">${chips}</p>`
  return fold('Objects that arrived', totals.migrated, html`${counts}${names}`)
}
