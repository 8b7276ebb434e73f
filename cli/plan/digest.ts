import { createHash } from 'node:crypto'
import { titleOf } from '../../lambdas/core/ledger/relation.ts'
import { canonicalJson } from '../../lambdas/core/ledger/run.ts'
import { objectName } from '../../lambdas/core/structure/object-name.ts'
import type { Task } from '../../lambdas/core/task/task.ts'
import { taskReport } from '../../lambdas/stages/report/task-report.ts'
import type { DatabasePlan } from './database-plan.ts'
import { withoutPasswords } from './without-passwords.ts'

/** A part of a plan by name, and the digest of all that decides what comes of it. */
export interface PlanEntry {
  /** The database on the source; `null`: a part of the task. */
  readonly database: string | null
  /** In people's words: `table public.orders`, `rows of public.orders`, `databases`. */
  readonly what: string
  readonly digest: string
}

const DIGITS = 16

/** The digest of all entries, 16 hex digits: two plans with the same one do the same. */
export function planHash(entries: readonly PlanEntry[]): string {
  const lines = entries.map(({ database, what, digest }) => JSON.stringify([database, what, digest])).toSorted()
  return hashOf(lines).slice(0, DIGITS)
}

/**
 * What a plan is made of: the task without secrets and without what may change between two starts of a run, and of each database the
 * statement of every object and what is copied of every table. Sizes, chunks and lanes are none of it: they change by themselves.
 */
export function planEntries(task: Task, databases: readonly DatabasePlan[]): readonly PlanEntry[] {
  return [...taskEntries(task), ...databases.flatMap(databaseEntries)]
}

function taskEntries(task: Task): readonly PlanEntry[] {
  const { source, destination, databases, roles, onObjectError, validation } = taskReport(task)
  const parts = {
    source,
    destination,
    databases,
    roles,
    onObjectError,
    validation,
    format: task.format,
    access: task.access,
  }
  return Object.entries(parts).map(([what, value]) => ({ database: null, what, digest: hashOf(value) }))
}

/** The entries of one database. */
export function databaseEntries({ name, statements, relations }: DatabasePlan): readonly PlanEntry[] {
  const objects = statements.map(({ kind, schema, name: object, stage, verdict, blocked, sql }) => ({
    database: name,
    what: `${kind.toLowerCase()} ${objectName({ kind, schema, name: object })}`,
    digest: hashOf([stage, verdict, blocked, withoutPasswords(kind, sql)]),
  }))
  const rows = relations.map((relation) => {
    const { source, destination, types } = relation
    const ends = [source, destination].map(({ schema, name: table, columns, where }) => [schema, table, columns, where])
    const { expressions } = source
    const digest = hashOf(expressions.length === 0 ? [ends, types] : [ends, types, expressions])
    return { database: name, what: `rows of ${titleOf(relation)}`, digest }
  })
  return [...objects, ...rows]
}

function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalJson(value))
    .digest('hex')
    .slice(0, 2 * DIGITS)
}
