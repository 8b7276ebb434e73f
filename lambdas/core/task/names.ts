import { z } from 'zod'
import { quotedParts } from './pattern.ts'
import { across, isRecord, type Report, textThat } from './rule.ts'

/** NAMEDATALEN - 1: the server would cut a longer one, and only notice it. */
const LONGEST_NAME = 63

/** A name of PostgreSQL’s, as it would be on the destination. */
function isObjectName(name: string): boolean {
  return name !== '' && !name.includes('\0') && Buffer.byteLength(name) <= LONGEST_NAME
}

const badName = {
  code: 'TASK_OBJECT_NAME',
  message: 'is not a name',
  remedy: `give the name as PostgreSQL shows it, 1 to ${LONGEST_NAME} bytes`,
} as const

/** A column’s new name. */
export const columnName = textThat(isObjectName, badName)

/** A table’s new name, `orders` or `sales.orders`. */
export const tableName = textThat((text) => parseNewName(text) !== null, {
  ...badName,
  message: 'is neither a name nor of the form schema.name',
  remedy:
    'write orders, sales.orders or "My.Schema"."T"; quotes only around a part with a dot, blank or quote; 1 to 63 bytes each',
})

/** Reads `name` or `schema.name`. @returns null where the text has another form, or a part is no name */
export function parseNewName(text: string): { readonly schema: string | null; readonly name: string } | null {
  const parts = quotedParts(text)
  if (parts === null || parts.length > 2 || !parts.every(isObjectName)) return null
  const [first = '', second] = parts
  return second === undefined ? { schema: null, name: first } : { schema: first, name: second }
}

const schemaName = textThat(isObjectName, badName)

/** What databases, schemas, tables and columns are called on the destination. */
export const namesSchema = across(
  z.strictObject({
    case: z
      .enum(['source', 'lower', 'upper', 'dts'])
      .default('source')
      .describe(
        'Upper and lower case of names. source: as they are. lower, upper: databases, schemas, tables, views, sequences and columns, A to Z ' +
          'alone; "public" stays. dts: as DTS does by default, databases and tables lower, the rest as it is. Names given one by one go before it. Default source.',
      ),
    schemas: z
      .record(z.string(), schemaName)
      .optional()
      .describe('New names of schemas, by their names on the source. Default: the same names.')
      .meta({ examples: [{ legacy: 'archive' }] }),
  }),
  ({ schemas }, report) => checkSchemaNames(schemas, report),
)

function checkSchemaNames(schemas: unknown, report: Report): void {
  if (!isRecord(schemas)) return
  for (const name of Object.keys(schemas)) if (!isObjectName(name)) report(['schemas', name], badName)
}

export type NameCase = z.output<typeof namesSchema>['case']

/** What a policy makes of names of one kind. */
type Fold = 'source' | 'lower' | 'upper'

/** Per kind of name. */
const FOLDS: Readonly<Record<NameCase, Readonly<Record<'database' | 'schema' | 'table' | 'column', Fold>>>> = {
  source: { database: 'source', schema: 'source', table: 'source', column: 'source' },
  lower: { database: 'lower', schema: 'lower', table: 'lower', column: 'lower' },
  upper: { database: 'upper', schema: 'upper', table: 'upper', column: 'upper' },
  dts: { database: 'lower', schema: 'source', table: 'lower', column: 'source' },
}

/**
 * The name in the policy’s case. A to Z alone, as PostgreSQL folds what is not quoted: what lower() makes of other letters is the
 * matter of a collation, and not the same on two servers.
 */
export function inCase(name: string, policy: NameCase, kind: 'database' | 'schema' | 'table' | 'column'): string {
  switch (FOLDS[policy][kind]) {
    case 'source':
      return name
    case 'lower':
      return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    case 'upper':
      return name.replace(/[a-z]/g, (letter) => letter.toUpperCase())
  }
}

/** What the task wants of a table that it names, or of several by a pattern. */
export interface TableWish {
  /** As the task writes it. */
  readonly pattern: string
  matches(schema: string, table: string): boolean
  readonly as: { readonly schema: string | null; readonly name: string } | null
  readonly columns: Readonly<Record<string, { readonly as?: string | undefined; readonly exclude?: true | undefined }>>
}

/** What the task wants of names in one database. */
export interface NameWishes {
  readonly case: NameCase
  readonly schemas: Readonly<Record<string, string>>
  readonly tables: readonly TableWish[]
}
