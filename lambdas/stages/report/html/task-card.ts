import { type Html, html } from '../../../core/present/html.ts'
import { countText, durationRange, durationText } from '../../../core/present/units.ts'
import { partsTaken } from '../estimate.ts'
import type { Report } from '../model.ts'
import { timeText } from './format.ts'
import { dataTable } from './parts.ts'

/** More are not read in one line. */
const DATABASES = 50

/** What was asked for, without secrets. */
export function taskCard(report: Report): Html {
  const { task, taskHash, versions, execution, startedAt, finishedAt } = report
  const side = ({ user, tls, region, host, port, instance }: typeof task.source) =>
    [instance ?? `${host}:${port}`, region, user === null ? null : `as ${user}`, `TLS ${tls}`]
      .filter((part) => part !== null)
      .join(', ')
  const databases = task.databases.slice(0, DATABASES).map(({ name, as, include, exclude, filters, expressions }) => {
    const target = as === name ? name : `${name} → ${as}`
    const rows = [...(filters ?? []), ...(expressions ?? [])].map((change) => `; of ${change}`).join('')
    return `${target}: ${include.join(', ')}${exclude.length === 0 ? '' : ` without ${exclude.join(', ')}`}${rows}`
  })
  const more = task.databases.length - databases.length
  const facts: readonly (readonly [string, string])[] = [
    ['Execution', execution],
    ['Time', `${timeText(startedAt)} to ${timeText(finishedAt)}`],
    ['Mode', task.mode],
    ['Source', side(task.source)],
    ['Destination', side(task.destination)],
    ['Databases', `${databases.join('; ')}${more > 0 ? `; and ${countText(more)} more: see report.json` : ''}`],
    [
      'Copy',
      `${task.lanes === 'auto' ? 'as many lanes as bring more' : `${task.lanes} lanes`}, chunks of ${task.chunkMegabytes} MB`,
    ],
    ['Limits', task.limits.join(', ') || 'none'],
    ['Comparison', task.validation],
    ...((task.roles ?? []).length === 0 ? [] : [['Roles', (task.roles ?? []).join(', ')] as const]),
    ['Objects that fail', task.onObjectError === 'continue' ? 'are only reported' : 'fail the run'],
    ['Accepted warnings', task.acknowledged.join(', ') || 'none'],
    ...partsTaken(report).map(({ name, estimated, took }): readonly [string, string] => [
      `${name}, planned`,
      `${durationRange(estimated.low, estimated.high)}; took ${durationText(took)}`,
    ]),
    ...(taskHash ? [['Task', taskHash] as const] : []),
    ...(versions ? [['Made by', `Sampan ${versions.sampan}, pg_dump ${versions.pgDump}`] as const] : []),
  ]
  return html`<section class="card"><div class="title"><h2>What was asked for</h2></div>
${dataTable([{ title: '' }, { title: '' }], facts, ([name, value]) => [html`<span class="quiet">${name}</span>`, value])}</section>
`
}
