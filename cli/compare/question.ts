import { createHash } from 'node:crypto'
import { canonicalJson } from '../../lambdas/core/ledger/run.ts'
import { matchesTablePattern, type TablePattern } from '../../lambdas/core/task/pattern.ts'
import type { Task } from '../../lambdas/core/task/task.ts'

/** What is to be compared, and how it is told. */
export interface Question {
  readonly mode: 'full' | 'counts'
  /** Only tables that one of them names, by their names on the source, and nothing beside their rows; empty: everything. */
  readonly tables: readonly TablePattern[]
  /** So many differing rows are listed of each table; all are counted. */
  readonly mostRows: number
  /** What they hold is told, too. */
  readonly values: boolean
  /** Seconds between the two looks by which a row is told from one that is under way. */
  readonly settle: number
  /** What differs is made the source's: `rows` those rows, `tables` every row of a table that differs. */
  readonly repair: 'rows' | 'tables' | null
  /** What only the destination has may go, and what was written there since the run was complete. */
  readonly losesRows?: boolean
}

/** Tells an unfinished comparison of the same question from one of another. */
export function questionHash(task: Task, question: Question): string {
  const place = ({ host, port, region }: Task['source'] | Task['destination']) => ({ host, port, region })
  const source = { ...place(task.source), instance: task.source.rdsInstance }
  const destination = { ...place(task.destination), instance: task.destination.apsaraInstance }
  const content = { source, destination, databases: task.databases, question: { ...question, settle: 0 } }
  return createHash('sha256').update(canonicalJson(content)).digest('hex').slice(0, 16)
}

/** Whether the question is about this table. */
export function isAskedFor({ tables }: Question, { schema, name }: { readonly schema: string; readonly name: string }) {
  return tables.length === 0 || tables.some((pattern) => matchesTablePattern(pattern, schema, name))
}
