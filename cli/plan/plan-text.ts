import { styleText } from 'node:util'
import { isFill } from '../../lambdas/core/ledger/objects/accounts.ts'
import type { PlannedStatement } from '../../lambdas/core/ledger/story/planned-statements.ts'
import { countText, numberOf } from '../../lambdas/core/present/units.ts'
import { objectName } from '../../lambdas/core/structure/object-name.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import type { AccessEntryReport, DatabaseReport, Report } from '../../lambdas/stages/report/model.ts'
import { line } from '../summary/line.ts'
import type { DatabasePlan } from './database-plan.ts'
import { moneyLines, timeLines, walLines } from './estimate-text.ts'
import type { MadePlan } from './make-plan.ts'
import { moneyOf } from './money.ts'
import { estimateTime } from './time-estimate.ts'

/** How many of one kind are named; the report names all. */
const NAMED = 20

/** What a plan tells beside the summary of its report: findings, lanes, what is opened, and the hash. */
export function planText(plan: MadePlan, task: Task, command: string): string {
  const { report, hash, databases } = plan
  const time = estimateTime(plan, task)
  const fills = databases.flatMap(({ statements }) =>
    statements.filter(({ kind, verdict }) => isFill(kind) && verdict !== 'skip'),
  )
  return [
    ...databases.flatMap((database) => verdictLines(database, databases.length > 1)),
    styleText('bold', 'findings'),
    ...findingLines(report),
    styleText('bold', 'run'),
    line('lanes', lanesText(task)),
    ...accessLines(report),
    ...timeLines(time, fills.length, report.databases.some(isBegun)),
    ...walLines(time, plan.measured.values()),
    ...(typeof time === 'string' ? [] : moneyLines(moneyOf(time, task))),
    line('plan', styleText('bold', hash)),
    line('', styleText('dim', `${command} --plan ${hash}  refuses to start once the plan is another one`)),
  ].join('\n')
}

function isBegun({ tables, sealedAt }: DatabaseReport): boolean {
  return sealedAt === null && tables.some(({ chunksDone }) => chunksDone > 0)
}

/** What becomes of the objects; those that are left out the summary has named. */
function verdictLines({ name, statements }: DatabasePlan, several: boolean): readonly string[] {
  const of = (verdict: PlannedStatement['verdict']) =>
    statements.filter((one) => one.verdict === verdict && !one.blocked)
  const transformed = of('transform')
  const left = statements.length - transformed.length - of('migrate').length
  const counts = [
    `${countText(of('migrate').length)} as they are`,
    `${countText(transformed.length)} transformed`,
    `${countText(left)} left out`,
  ]
  const lines = transformed.slice(0, NAMED).map(({ kind, schema, name: object, reason }) => {
    return line('', `${kind.toLowerCase()} ${objectName({ kind, schema, name: object })}: ${reason ?? ''}`)
  })
  const rest = transformed.length - lines.length
  return [
    styleText('bold', several ? `objects of ${name}` : 'objects'),
    line('', counts.join(', ')),
    ...lines,
    ...(rest > 0 ? [line('', `and ${rest} more: see plan.json`)] : []),
  ]
}

function findingLines({ prechecks }: Report): readonly string[] {
  const found = prechecks.filter(({ status, blocks }) => blocks || status === 'found')
  const lines = found.slice(0, NAMED).map(({ level, code, cause, database, acknowledged }) => {
    const where = database === null ? '' : `${database}: `
    return line(level, `${code}  ${where}${cause}${acknowledged ? ' (acknowledged)' : ''}`)
  })
  const rest = found.length - NAMED
  if (found.length === 0) return [line('', 'none')]
  return rest > 0 ? [...lines, line('', `and ${rest} more: see the report`)] : lines
}

function lanesText({ lanes, mostLanes, chunkMegabytes }: Task): string {
  const count = lanes === 'auto' ? `2 to ${mostLanes}, counted by what each brings` : numberOf(lanes, 'connection')
  return `${count} for each database, chunks of ${chunkMegabytes} MB at most`
}

/** The plan itself was made through the same openings: what it opened and closed is what a run opens and closes. */
function accessLines({ access }: Report): readonly string[] {
  const opened = access.opened.filter(({ existedBefore }) => !existedBefore)
  if (opened.length === 0) return [line('access', 'nothing is to be opened')]
  const rest = opened.length - NAMED
  return [
    line(
      'access',
      `${numberOf(opened.length, 'opening')} for the time of the run, closed again at its end, as for this plan:`,
    ),
    ...opened.slice(0, NAMED).map((entry) => line('', openingText(entry))),
    ...(rest > 0 ? [line('', `and ${rest} more: see the report`)] : []),
  ]
}

function openingText({ kind, region, group, instance, cidr, sourceGroup, port }: AccessEntryReport): string {
  const place = [group, instance, region].filter((part) => typeof part === 'string').join(' · ')
  return `${kind}  ${cidr ?? sourceGroup ?? ''}${port ? ` to port ${port}` : ''}  ${styleText('dim', place)}`
}
