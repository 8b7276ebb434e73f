import { excludedText } from '../../core/task/excluded-object.ts'
import { columnExpressions, keyChoices, nameWishes, rowFilters } from '../../core/task/table-options.ts'
import type { Task } from '../../core/task/task.ts'
import type { TaskReport } from './model.ts'

/**
 * The task as the report shows it: field by field what may be shown, so that a field that comes later, a secret perhaps,
 * is left out until somebody names it here.
 */
export function taskReport(task: Task): TaskReport {
  return {
    name: task.name,
    mode: task.mode,
    source: sideReport(task.source, task.source.rdsInstance),
    destination: sideReport(task.destination, task.destination.apsaraInstance),
    databases: task.databases.map(({ tables, ...database }) => ({
      name: database.name,
      as: database.as,
      include: database.include,
      exclude: database.exclude.map(excludedText),
      filters: filtersReport(tables === undefined ? {} : { tables }),
      expressions: columnExpressions(tables === undefined ? {} : { tables }).map(
        ({ name, column, expression }) => `${name}.${column} by ${expression}`,
      ),
      names: namesReport({ names: database.names, tables }),
    })),
    roles: Object.entries(task.roles ?? {}).map(([role, there]) => `${role} → ${there}`),
    onObjectError: task.onObjectError,
    lanes: task.lanes,
    limits: limitsReport(task.throttle),
    chunkMegabytes: task.chunkMegabytes,
    validation: task.validation.mode,
    acknowledged: task.precheck.acknowledge,
  }
}

function filtersReport(tables: Parameters<typeof rowFilters>[0]): string[] {
  return [
    ...rowFilters(tables).map(({ name, where }) => `${name} where ${where}`),
    ...keyChoices(tables).flatMap(({ name, key, choice }) =>
      choice === 'follow' ? [`${name} where the parent of ${key} comes`] : [],
    ),
  ]
}

function namesReport(options: Parameters<typeof nameWishes>[0]): string[] {
  const wishes = nameWishes(options)
  if (wishes === null) return []
  return [
    ...(wishes.case === 'source' ? [] : [`case ${wishes.case}`]),
    ...Object.entries(wishes.schemas).map(([from, to]) => `schema ${from} as ${to}`),
    ...wishes.tables.flatMap(({ pattern, as, columns }) => [
      ...(as === null ? [] : [`${pattern} as ${as.schema === null ? '' : `${as.schema}.`}${as.name}`]),
      ...Object.entries(columns).flatMap(([column, { as: name, exclude }]) => [
        ...(name === undefined ? [] : [`${pattern}, ${column} as ${name}`]),
        ...(exclude === true ? [`${pattern} without ${column}`] : []),
      ]),
    ]),
  ]
}

function limitsReport({ megabytesPerSecond, rowsPerSecond, queriesPerSecond, automatic }: Task['throttle']): string[] {
  const given: readonly (readonly [number | null | undefined, (amount: number) => string])[] = [
    [megabytesPerSecond, (amount) => `${amount} MB/s`],
    [rowsPerSecond, (amount) => `${amount} rows/s`],
    [queriesPerSecond, (amount) => `${amount} queries/s`],
    [automatic?.sourceCpuPercent, (amount) => `CPU of the source below ${amount} %`],
    [automatic?.sourceLatencyMilliseconds, (amount) => `latency of the source below ${amount} ms`],
  ]
  return given.flatMap(([amount, text]) => (typeof amount === 'number' ? [text(amount)] : []))
}

function sideReport(side: Task['source'] | Task['destination'], instance: string | undefined): TaskReport['source'] {
  return {
    instance: instance ?? null,
    host: side.host ?? null,
    port: side.host === undefined ? null : side.port,
    region: side.region ?? null,
    user: side.user ?? null,
    tls: side.tls.mode,
  }
}

/** What a side is called: its instance, or its address. */
export function sideName(side: TaskReport['source']): string {
  return side.instance ?? `${side.host}:${side.port}`
}
