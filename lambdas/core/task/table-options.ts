import { z } from 'zod'
import { parseTablePattern, type TablePattern } from './pattern.ts'
import { isRecord, type Report, textThat } from './rule.ts'

/** PostgreSQL takes longer ones; nobody writes them, and a task has to fit its state. */
const LONGEST_CONDITION = 8_000

const condition = textThat((text) => text.trim() !== '' && !text.includes('\0') && text.length <= LONGEST_CONDITION, {
  code: 'TASK_CONDITION',
  message: 'is not a condition',
  remedy: `write what would stand behind WHERE, such as deleted_at IS NULL, at most ${LONGEST_CONDITION} characters`,
}).meta({ examples: [`created_at >= date '2026-01-01'`] })

const tableOptions = z.strictObject({
  where: condition.describe(
    'Which rows come: an SQL condition on the table’s own columns, of immutable functions only, in the source’s names. ' +
      'Of a partitioned table it is for all its partitions.',
  ),
})

/** What is wanted of single tables, by their names. */
export const tablesSchema = z
  .record(z.string(), tableOptions)
  .optional()
  .describe(
    'What is wanted of single tables, by schema.table with * and ?, as in "include". All conditions that name a table, or a ' +
      'partitioned table above it, must hold. A name of no table that is migrated is an error. Default: all rows.',
  )
  .meta({ examples: [{ 'public.orders': { where: `created_at >= date '2026-01-01'` } }] })

/** Keys are patterns: JSON Schema cannot say so. */
export function checkTableNames(tables: unknown, report: Report): void {
  if (!isRecord(tables)) return
  for (const name of Object.keys(tables)) {
    if (parseTablePattern(name) !== null) continue
    report(['tables', name], {
      code: 'TASK_TABLE_PATTERN',
      message: 'is not of the form schema.table',
      remedy:
        'write public.orders, billing.invoice_* or "My.Schema"."T*"; quotes only around a part with a dot, blank or quote',
    })
  }
}

/** A condition of the task, and the tables it is for. */
export interface RowFilter {
  /** As the task writes it. */
  readonly name: string
  readonly pattern: TablePattern
  /** SQL */
  readonly where: string
}

/** The row filters of a database, in the task's order. */
export function rowFilters({ tables }: { readonly tables?: z.output<typeof tablesSchema> }): readonly RowFilter[] {
  return Object.entries(tables ?? {}).flatMap(([name, { where }]) => {
    const pattern = parseTablePattern(name)
    // The task's schema refuses other names.
    return pattern === null ? [] : [{ name, pattern, where: where.trim() }]
  })
}
