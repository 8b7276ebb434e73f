import { z } from 'zod'
import { matchesGlob } from './pattern.ts'
import { across, textThat } from './rule.ts'

/** Kinds that lie in a schema and stand for themselves, in pg_dump's words: the report's own. */
const IN_SCHEMA = [
  'FUNCTION',
  'PROCEDURE',
  'AGGREGATE',
  'OPERATOR',
  'OPERATOR CLASS',
  'OPERATOR FAMILY',
  'TYPE',
  'DOMAIN',
  'COLLATION',
  'CONVERSION',
  'TEXT SEARCH CONFIGURATION',
  'TEXT SEARCH DICTIONARY',
  'TEXT SEARCH PARSER',
  'TEXT SEARCH TEMPLATE',
] as const

/** Kinds that belong to a table or a view. */
const OF_TABLE = ['TRIGGER', 'RULE', 'POLICY', 'FK CONSTRAINT'] as const

/** Kinds that lie outside of schemas. */
const OUTSIDE = [
  'EXTENSION',
  'PUBLICATION',
  'EVENT TRIGGER',
  'FOREIGN DATA WRAPPER',
  'SERVER',
  'USER MAPPING',
  'PROCEDURAL LANGUAGE',
  'ACCESS METHOD',
  'CAST',
  'TRANSFORM',
  'LARGE OBJECTS',
] as const

/** What `exclude` can name by its kind, because no pattern of the form schema.table does. */
const excludableKinds = [...IN_SCHEMA, ...OF_TABLE, ...OUTSIDE] as const

export type ExcludableKind = (typeof excludableKinds)[number]

const outside: ReadonlySet<unknown> = new Set(OUTSIDE)
const ofTable: ReadonlySet<unknown> = new Set(OF_TABLE)

const glob = textThat((text) => text.length > 0 && !text.includes('\0'), {
  code: 'TASK_OBJECT_PATTERN',
  message: 'is not a name',
  remedy: 'write the name as PostgreSQL shows it, with * for any run of characters and ? for one',
})

const excludedObject = z.strictObject({
  kind: z.enum(excludableKinds).describe('The kind, in the words of the report: PUBLICATION, FUNCTION, POLICY, …'),
  name: glob
    .default('*')
    .describe(
      'Its name, with * and ?. Of a function also with its arguments, as the report shows it: net(numeric); of a cast "a AS b", ' +
        'of a user mapping "role SERVER server". Default *, all of the kind.',
    ),
  schema: glob.optional().describe('Its schema, or that of its table, with * and ?. Default: any.'),
  table: glob.optional().describe('Of a trigger, rule, policy or foreign key: its table, with * and ?. Default: any.'),
})

/** An object that is named by its kind, such as { "kind": "PUBLICATION", "name": "pub_*" }. */
export const excludedObjectSchema = across(excludedObject, ({ kind, schema, table, name }, report) => {
  if (outside.has(kind) && schema !== undefined) report(['schema'], noPlace('lies in no schema'))
  if (kind !== undefined && !ofTable.has(kind) && table !== undefined) report(['table'], noPlace('belongs to no table'))
  if (kind === 'LARGE OBJECTS' && name !== undefined && name !== '*') {
    report(['name'], { ...noPlace('is excluded as a whole'), remedy: 'take name out: all of them stay behind' })
  }
})

function noPlace(what: string) {
  return {
    code: 'TASK_OBJECT_PLACE',
    message: `does not fit the kind, which ${what}`,
    remedy: 'take it out, or give another kind',
  }
}

export type ExcludedObject = z.output<typeof excludedObject>

/** An object as such an entry sees it. */
export interface KindedObject {
  readonly kind: string
  /** Names it goes by: of a function with and without its arguments. */
  readonly names: readonly string[]
  /** Its schema or its table's, null for what lies outside of schemas. */
  readonly schema: string | null
  /** Of what belongs to a table. */
  readonly table?: string | null
}

export function matchesObject(excluded: ExcludedObject, object: KindedObject): boolean {
  const { kind, name, schema, table } = excluded
  return (
    kind === object.kind &&
    object.names.some((one) => matchesGlob(name, one)) &&
    (schema === undefined || (object.schema !== null && matchesGlob(schema, object.schema))) &&
    (table === undefined || (typeof object.table === 'string' && matchesGlob(table, object.table)))
  )
}

/** An entry of `exclude` for people: `public.tmp_*`, `PUBLICATION pub_*`, `TRIGGER *.orders.audit`. */
export function excludedText(excluded: string | ExcludedObject): string {
  if (typeof excluded === 'string') return excluded
  const { kind, name, schema, table } = excluded
  const place = table === undefined ? [schema] : [schema ?? '*', table]
  return `${kind} ${[...place, name].filter((part) => part !== undefined).join('.')}`
}
