import { titleOf } from '../../lambdas/core/ledger/relation.ts'
import { objectName } from '../../lambdas/core/structure/object-name.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import type { MadePlan } from './make-plan.ts'
import { moneyOf } from './money.ts'
import { estimateTime } from './time-estimate.ts'

/** The plan as JSON: what `sampan plan --json` prints, and what plan.json in the directory of --out holds. */
export function planDocument(plan: MadePlan, task: Task): object {
  const { hash, entries, databases, report } = plan
  const time = estimateTime(plan, task)
  return {
    version: 1,
    hash,
    run: task.name,
    madeAt: report.finishedAt,
    lanes: task.lanes,
    chunkMegabytes: task.chunkMegabytes,
    findings: report.prechecks
      .filter(({ status, blocks }) => blocks || status === 'found')
      .map(({ code, level, database, cause, remedy, acknowledged }) => ({
        code,
        level,
        database,
        cause,
        remedy,
        acknowledged,
      })),
    databases: databases.map((database) => {
      const told = report.databases.find(({ name }) => name === database.name)
      const rows = new Map(
        database.relations.map((relation) => [titleOf(relation), database.rows.get(relation.oid) ?? null]),
      )
      return {
        name: database.name,
        as: database.as,
        objects: database.statements.map(
          ({ kind, schema, name, thereSchema, thereName, verdict, reason, blocked }) => ({
            kind,
            name: objectName({ kind, schema, name }),
            as: objectName({ kind, schema: thereSchema, name: thereName }),
            verdict: blocked ? 'blocked' : verdict,
            reason,
          }),
        ),
        tables: (told?.tables ?? []).map(
          ({ name, as, bytes, chunks, ranges, cutReason, format, formatReason, where, filter, expressed }) => ({
            ...{
              name,
              as: as ?? name,
              rowsEstimated: rows.get(name) ?? null,
              bytes,
              chunks,
              ranges,
              cutReason,
              format,
              formatReason,
              where,
              filter,
              expressed,
            },
          }),
        ),
      }
    }),
    time: typeof time === 'string' ? { notKnown: time } : time,
    money: typeof time === 'string' ? null : moneyOf(time, task),
    opened: report.access.opened.filter(({ existedBefore }) => !existedBefore),
    entries,
  }
}
