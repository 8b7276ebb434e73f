import { quoteIdentifier, quoteQualified } from '../../../core/postgres/identifiers.ts'
import type { TocEntry } from '../toc/entry.ts'
import type { EntryVerdict } from './verdict.ts'

/** How a publication that names more than tables is written on the destination. */
export interface PublicationForms {
  /** `CREATE PUBLICATION … FOR ALL TABLES` */
  forAllTables(entry: TocEntry): EntryVerdict
  /** `ALTER PUBLICATION … ADD TABLES IN SCHEMA …` */
  tablesInSchema(entry: TocEntry): EntryVerdict
}

const SCHEMAS_SINCE = 150_000

/**
 * FOR ALL TABLES would publish the ledger too, which no subscriber has: his replication would stop at its first row. So the
 * schemas are named instead, by a superuser from 15 on; by others and before, the tables, as whose owner no more is needed.
 */
export function publicationForms(
  chosen: readonly TocEntry[],
  { superuser, destinationVersion }: { readonly superuser: boolean; readonly destinationVersion: number },
): PublicationForms {
  // Unlogged tables cannot be named, and are not published by ALL TABLES. A partitioned table stands for its partitions.
  const partitions = new Set(chosen.filter(({ kind }) => kind === 'TABLE ATTACH').map(keyOf))
  const tables = chosen.filter(
    (entry) => entry.kind === 'TABLE' && !partitions.has(keyOf(entry)) && !/^\s*CREATE UNLOGGED TABLE /.test(entry.sql),
  )
  const names = (wanted: readonly TocEntry[]) =>
    wanted.map(({ schema, tag }) => quoteQualified(schema ?? 'public', tag))
  const bySchema = superuser && destinationVersion >= SCHEMAS_SINCE
  const schemas = [...new Set(chosen.filter(({ kind }) => kind === 'TABLE').map(({ schema }) => schema ?? 'public'))]
  return {
    forAllTables(entry) {
      const named = bySchema
        ? schemas.map((schema) => `TABLES IN SCHEMA ${quoteIdentifier(schema)}`)
        : names(tables).map((name) => `TABLE ${name}`)
      const form = named.length === 0 ? '' : ` FOR ${named.join(', ')}`
      return {
        verdict: 'transform',
        sql: entry.sql.replace(/ FOR ALL TABLES\b/, () => form),
        reason: `FOR ALL TABLES would publish Sampan’s ledger: it names the ${bySchema ? 'schemas' : 'tables'} instead; make it anew when the schema sampan is dropped`,
      }
    },
    tablesInSchema(entry) {
      if (superuser) return { verdict: 'migrate', sql: entry.sql }
      const schema = schemas.find((name) => entry.tag.endsWith(` ${name}`))
      const inIt = names(tables.filter((table) => (table.schema ?? 'public') === schema))
      if (schema === undefined || inIt.length === 0) {
        return { verdict: 'skip', reason: 'only a superuser publishes a schema, and it has no table to name instead' }
      }
      return {
        verdict: 'transform',
        sql: entry.sql.replace(/ ADD TABLES IN SCHEMA .*;/, () => ` ADD TABLE ${inIt.join(', ')};`),
        reason: 'only a superuser publishes a schema: it names the tables that are in it now',
      }
    },
  }
}

function keyOf({ schema, tag }: TocEntry): string {
  return JSON.stringify([schema, tag])
}
