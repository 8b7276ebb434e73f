import { titleOf } from '../../lambdas/core/ledger/relation.ts'
import type { Report } from '../../lambdas/stages/report/model.ts'
import type { DatabasePlan } from './database-plan.ts'

/** The report of a plan, with about how many rows each table has. */
export function withEstimates(report: Report, plans: readonly DatabasePlan[]): Report {
  const databases = report.databases.map((database) => {
    const plan = plans.find(({ name }) => name === database.name)
    if (plan === undefined || database.status !== 'planned') return database
    const rows = new Map(plan.relations.map((relation) => [titleOf(relation), plan.rows.get(relation.oid) ?? null]))
    const tables = database.tables.map((table) => ({ ...table, rows: table.rows ?? rounded(rows.get(table.name)) }))
    return { ...database, tables }
  })
  return { ...report, databases }
}

/** Statistics are of a sample: three digits are more than they hold. */
function rounded(rows: number | null | undefined): number | null {
  return rows == null ? null : Number(rows.toPrecision(3))
}
