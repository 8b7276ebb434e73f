import { z } from 'zod'
import { tableConflictsSchema } from './conflicts.ts'
import { columnName, type NameWishes, type namesSchema, parseNewName, tableName } from './names.ts'
import { matchesTablePattern, parseTablePattern, type TablePattern } from './pattern.ts'
import { across, isRecord, type Report, textThat } from './rule.ts'

/** PostgreSQL takes longer ones; nobody writes them, and a task has to fit its state. */
const LONGEST_SQL = 8_000

const isSql = (text: string) => text.trim() !== '' && !text.includes('\0') && text.length <= LONGEST_SQL

const condition = textThat(isSql, {
  code: 'TASK_CONDITION',
  message: 'is not a condition',
  remedy: `write what would stand behind WHERE, such as deleted_at IS NULL, at most ${LONGEST_SQL} characters`,
}).meta({ examples: [`created_at >= date '2026-01-01'`] })

const expression = textThat(isSql, {
  code: 'TASK_EXPRESSION',
  message: 'is not an expression',
  remedy: `write what would stand behind SELECT, such as md5(email), at most ${LONGEST_SQL} characters`,
}).meta({ examples: ['md5(email)', `'***'`, '(amount * 1.19)::numeric(12,2)'] })

const isEmpty = (value: unknown) => isRecord(value) && Object.keys(value).length === 0

const columnOptions = across(
  z.strictObject({
    as: columnName.optional().describe('Name of the column on the destination. Default: the same name.'),
    exclude: z
      .literal(true)
      .optional()
      .describe(
        'true: the column stays behind, with its values and with what stands on it alone, such as indexes. Default: it comes.',
      ),
    expression: expression
      .optional()
      .describe(
        'What arrives in place of the column’s value: an SQL expression on the table’s own columns, in the source’s names, computed on the ' +
          'source. Its type is the column’s, or becomes it without loss; what rounds or cuts is written out, as in (a * 2)::numeric(12,2). ' +
          'Default: the value itself.',
      ),
  }),
  (options, report) => {
    if (options.exclude === true && Object.keys(options).length > 1) {
      report([], {
        code: 'TASK_EXCLUDED_COLUMN',
        message: 'is excluded, and has a name or an expression',
        remedy: 'take "exclude" out, or the others',
      })
    }
    if (!isEmpty(options)) return
    report([], {
      code: 'TASK_COLUMN_OPTIONS',
      message: 'asks for nothing',
      remedy:
        'write what the column is called ("as"), what comes in its place ("expression") or that it stays behind ("exclude"), or take the name out',
    })
  },
)

const tableOptions = across(
  z.strictObject({
    where: condition
      .optional()
      .describe(
        'Which rows come: an SQL condition on the table’s own columns, of immutable functions only, in the source’s names. ' +
          'Of a partitioned table it is for all its partitions. Default: all rows.',
      ),
    as: tableName
      .optional()
      .describe(
        'Name of the table, view or sequence on the destination, as name or schema.name. Default: the same name.',
      )
      .meta({ examples: ['orders', 'sales.orders'] }),
    columns: z
      .record(z.string(), columnOptions)
      .optional()
      .describe(
        'What is wanted of single columns, by their names on the source, as PostgreSQL shows them. Of a partitioned table it is for all ' +
          'its partitions. Default: every column as it is.',
      )
      .meta({ examples: [{ email: { expression: 'md5(email)' }, cust_id: { as: 'customer_id' } }] }),
    keys: z
      .record(z.string(), z.enum(['leave', 'not valid', 'follow']))
      .optional()
      .describe(
        'What becomes of a foreign key of the table, by the key’s name, where rows that come refer to some that do not. leave: it stays ' +
          'behind. not valid: it is made, NOT VALID where rows do not hold it; before PostgreSQL 18 between plain tables only. follow: only ' +
          'those rows come whose parent comes, or that refer to none. Default: the precheck refuses until FILTER_BREAKS_KEYS is acknowledged.',
      )
      .meta({ examples: [{ orders_customer_fkey: 'leave' }] }),
    conflicts: tableConflictsSchema,
  }),
  (options, report) => {
    if (!Object.values(options).every(isEmpty)) return
    report([], {
      code: 'TASK_TABLE_OPTIONS',
      message: 'asks for nothing',
      remedy:
        'write which of its rows come ("where"), what it is called ("as"), what becomes of its columns ("columns"), of its foreign keys ("keys") or of a table that stands there ("conflicts"), or take the name out',
    })
  },
)

/** What is wanted of single tables, by their names. */
export const tablesSchema = z
  .record(z.string(), tableOptions)
  .optional()
  .describe(
    'What is wanted of single tables, by schema.table with * and ?, as in "include". All conditions that name a table, or a ' +
      'partitioned table above it, must hold. A name of no table that is migrated is an error. Default: all rows, as they are.',
  )
  .meta({
    examples: [
      {
        'public.orders': { where: `created_at >= date '2026-01-01'` },
        'public.customers': { columns: { email: { expression: 'md5(email)' } } },
      },
    ],
  })

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

/** A name of `tables`, and the tables it is for. */
export interface TableName {
  /** As the task writes it. */
  readonly name: string
  readonly pattern: TablePattern
}

/** A condition of the task, and the tables it is for. */
export interface RowFilter extends TableName {
  /** SQL */
  readonly where: string
}

/** What the task wants in place of a column's values. */
export interface ColumnExpression extends TableName {
  /** Of the source. */
  readonly column: string
  /** SQL */
  readonly expression: string
}

/** What the task wants of a foreign key that rows may not hold. */
export interface KeyChoice extends TableName {
  readonly key: string
  readonly choice: 'leave' | 'not valid' | 'follow'
}

interface WithTables {
  readonly tables?: z.output<typeof tablesSchema> | undefined
}

/** Every name of `tables` that is for rows and keys, in the task's order: other names may be a view's. */
export function tableNames({ tables }: WithTables): readonly TableName[] {
  return Object.entries(tables ?? {}).flatMap(([name, { where, keys, conflicts, columns = {} }]) => {
    const pattern = parseTablePattern(name)
    const computed = Object.values(columns).some((column) => column.expression !== undefined)
    if (where === undefined && keys === undefined && conflicts === undefined && !computed) return []
    // The task's schema refuses other names.
    return pattern === null ? [] : [{ name, pattern }]
  })
}

/** The row filters of a database, in the task's order. */
export function rowFilters({ tables }: WithTables): readonly RowFilter[] {
  return tableNames({ tables }).flatMap((named) => {
    const where = tables?.[named.name]?.where
    return where === undefined ? [] : [{ ...named, where: where.trim() }]
  })
}

/** What becomes of foreign keys of a database, in the task's order. */
export function keyChoices({ tables }: WithTables): readonly KeyChoice[] {
  return tableNames({ tables }).flatMap((named) =>
    Object.entries(tables?.[named.name]?.keys ?? {}).map(([key, choice]) => ({ ...named, key, choice })),
  )
}

/** The expressions of a database, in the task's order. */
export function columnExpressions({ tables }: WithTables): readonly ColumnExpression[] {
  return tableNames({ tables }).flatMap((named) =>
    Object.entries(tables?.[named.name]?.columns ?? {}).flatMap(([column, wanted]) =>
      wanted.expression === undefined ? [] : [{ ...named, column, expression: wanted.expression.trim() }],
    ),
  )
}

/** What the task wants of names in a database; null where it wants them as they are. */
export function nameWishes({ names, tables }: NamingOptions): NameWishes | null {
  const wishes = Object.entries(tables ?? {}).flatMap(([text, { as, columns = {} }]) => {
    const pattern = parseTablePattern(text)
    const named = Object.entries(columns).filter(([, column]) => column.as !== undefined || column.exclude === true)
    if (pattern === null || (as === undefined && named.length === 0)) return []
    return [
      {
        pattern: text,
        matches: (schema: string, table: string) => matchesTablePattern(pattern, schema, table),
        as: as === undefined ? null : parseNewName(as),
        columns: Object.fromEntries(named),
      },
    ]
  })
  const schemas = names?.schemas ?? {}
  const policy = names?.case ?? 'source'
  if (wishes.length === 0 && Object.keys(schemas).length === 0 && policy === 'source') return null
  return { case: policy, schemas, tables: wishes }
}

interface NamingOptions extends WithTables {
  readonly names?: z.output<typeof namesSchema> | undefined
}
