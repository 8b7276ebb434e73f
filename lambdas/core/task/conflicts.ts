import { z } from 'zod'
import { matchesTablePattern, parseTablePattern } from './pattern.ts'
import { isRecord, type Report } from './rule.ts'

/**
 * What becomes of a table that stands on the destination already. DTS calls it the “processing mode of conflicting tables”, and has the
 * first of them and one called “Ignore Errors and Proceed”.
 */
export type Conflicts = 'report' | 'ignore' | 'truncate' | 'replace'

/** For all tables that say nothing of their own. */
export const conflictsSchema = z
  .enum(['report', 'ignore'])
  .default('report')
  .describe(
    'What becomes of tables that already stand on the destination. report: refuse and list them. ignore: the table stays with its rows, ' +
      'and rows of the source come whose key is not there yet; DTS calls this “Ignore Errors and Proceed”. Default report.',
  )

/** For one table. */
export const tableConflictsSchema = z
  .enum(['report', 'ignore', 'truncate', 'replace'])
  .optional()
  .describe(
    'What becomes of the table where it already stands on the destination. report: the precheck refuses. ignore: the table stays with its ' +
      'rows, and rows of the source come whose key is not there yet. truncate: its rows go, and the ' +
      'table stays as it is. replace: the table is dropped and made as on the source. These two only of a name without * and ?. Default: as "conflicts" beside "databases" says.',
  )

/** What takes rows away is asked for by the table’s own name, and dropped is nothing of what is only to be filled. */
export function checkConflicts({ tables, schema }: Readonly<Record<string, unknown>>, report: Report): void {
  if (!isRecord(tables)) return
  for (const [name, options] of Object.entries(tables)) {
    const mode = isRecord(options) ? options.conflicts : undefined
    if (mode !== 'truncate' && mode !== 'replace') continue
    if (mode === 'replace' && schema === 'existing') {
      report(['tables', name, 'conflicts'], {
        code: 'TASK_CONFLICTS_EXISTING',
        message: 'is replace, and nothing is made or dropped with "schema": "existing"',
        remedy: 'write truncate, which leaves the table as it is, or take "schema" out',
      })
    }
    const pattern = parseTablePattern(name)
    if (pattern === null || !/[*?]/.test(`${pattern.schema}${pattern.table}`)) continue
    report(['tables', name, 'conflicts'], {
      code: 'TASK_CONFLICTS_BY_NAME',
      message: `is ${mode} for a pattern, and rows of the destination would go with every table that it names`,
      remedy: 'name each of these tables by its own name, without * and ?',
    })
  }
}

interface WithConflicts {
  readonly schema?: 'migrate' | 'existing' | undefined
  readonly tables?: Readonly<Record<string, { readonly conflicts?: Conflicts | undefined }>> | undefined
}

/** What the task wants of a table by its names on the source; of several names that fit the last one that says something. */
export function conflictsOf(
  task: { readonly conflicts: Conflicts },
  { tables }: WithConflicts,
): (schema: string, table: string) => Conflicts {
  const wishes = Object.entries(tables ?? {}).flatMap(([name, { conflicts }]) => {
    const pattern = parseTablePattern(name)
    return pattern === null || conflicts === undefined ? [] : [{ pattern, conflicts }]
  })
  return (schema, table) =>
    wishes.findLast(({ pattern }) => matchesTablePattern(pattern, schema, table))?.conflicts ?? task.conflicts
}

/** Whether any table may stand there at all. */
export function meetsTables(task: { readonly conflicts: Conflicts }, { schema, tables }: WithConflicts): boolean {
  if (schema === 'existing') return true
  return [task, ...Object.values(tables ?? {})].some(({ conflicts = 'report' }) => conflicts !== 'report')
}
