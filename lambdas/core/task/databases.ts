import { z } from 'zod'
import { checkConflicts } from './conflicts.ts'
import { excludedObjectSchema } from './excluded-object.ts'
import { inCase, type NameCase, namesSchema } from './names.ts'
import { parseTablePattern } from './pattern.ts'
import { across, isRecord, type Report, textThat } from './rule.ts'
import { checkTableNames, tablesSchema } from './table-options.ts'

const databaseName = textThat((text) => text.length > 0 && !text.includes('\0') && Buffer.byteLength(text) <= 63, {
  code: 'TASK_DATABASE_NAME',
  message: 'is not a database name',
  remedy: 'give the name as PostgreSQL shows it, 1 to 63 bytes',
})

const tablePattern = textThat((text) => parseTablePattern(text) !== null, {
  code: 'TASK_TABLE_PATTERN',
  message: 'is not of the form schema.table',
  remedy: 'write public.*, billing.invoice_* or "My.Schema"."T*"; quotes only around a part with a dot, blank or quote',
}).meta({ examples: ['public.*', 'billing.invoice_*', '"My.Schema"."T*"'] })

const fields = z.strictObject({
  name: databaseName.describe('Name of the database on the source.'),
  as: databaseName.optional().describe('Name on the destination. Default: the same name.'),
  include: z
    .array(tablePattern)
    .min(1)
    .default(() => ['*.*'])
    .describe(
      'Which tables, as schema.table with * and ?, compared with upper and lower case as written. A pattern that matches ' +
        'nothing is an error. Default ["*.*"], everything.',
    ),
  exclude: z
    .array(
      z
        .union([tablePattern, excludedObjectSchema])
        .describe('give schema.table, or an object with its kind: { "kind": "PUBLICATION", "name": "pub_*" }'),
    )
    .default(() => [])
    .describe(
      'What stays behind of the included: tables in the same form, other objects by their kind, such as ' +
        '{ "kind": "PUBLICATION", "name": "pub_*" }. What cannot be without them stays behind too. Default [], nothing.',
    ),
  schema: z
    .enum(['migrate', 'existing'])
    .optional()
    .describe(
      'existing: every chosen table stands on the destination already, empty and with the source’s columns, made by somebody else. Rows and ' +
        'sequences come, and nothing is made, changed or dropped. migrate: the objects are made. Default migrate.',
    ),
  names: namesSchema
    .optional()
    .describe(
      'What schemas are called on the destination, and in which case all names are. Default: as on the source.',
    ),
  tables: tablesSchema,
})

/** One database to migrate, which of its tables, and which of their rows. */
export const databaseSchema = across(fields, (database, report) => {
  checkTableNames(database.tables, report)
  checkConflicts(database, report)
}).transform((database) => ({
  ...database,
  as: database.as ?? inCase(database.name, database.names?.case ?? 'source', 'database'),
}))

/** Its name on the destination, of a database that may be wrong in other ways. */
export function nameThere({ name, as, names }: Readonly<Record<string, unknown>>): unknown {
  const policy = isRecord(names) ? names.case : undefined
  return as ?? (typeof name === 'string' && isCase(policy) ? inCase(name, policy, 'database') : name)
}

function isCase(policy: unknown): policy is NameCase {
  return typeof policy === 'string' && /^(lower|upper|dts)$/.test(policy)
}

export type TaskDatabase = z.output<typeof databaseSchema>

/** No database twice, neither on the source nor on the destination. */
export function checkDatabases(databases: unknown, report: Report): void {
  if (!Array.isArray(databases)) return
  const names = new Map<unknown, number>()
  const targets = new Map<unknown, number>()
  for (const [index, database] of databases.entries()) {
    if (!isRecord(database) || typeof database.name !== 'string') continue
    const first = names.get(database.name)
    if (first === undefined) names.set(database.name, index)
    else {
      report(['databases', index, 'name'], {
        code: 'TASK_DATABASE_TWICE',
        message: `is the database of databases[${first}] again`,
        remedy: 'name every database once; put all its patterns into one include list',
      })
      continue
    }
    const as = nameThere(database)
    const taken = targets.get(as)
    if (taken === undefined) targets.set(as, index)
    else {
      report(['databases', index, database.as === undefined ? 'name' : 'as'], {
        code: 'TASK_DESTINATION_TWICE',
        message: `goes into the same destination database as databases[${taken}]`,
        remedy: 'give each database a destination name of its own with as',
      })
    }
  }
}
