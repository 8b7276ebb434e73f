import type { Session } from './connect.ts'
import { quoteQualified } from './identifiers.ts'
import { sqlFile } from './sql-file.ts'

const RELATIONS = sqlFile(new URL('./sql/extension-relations.sql', import.meta.url))

/** A table or sequence of an extension. CREATE EXTENSION makes it anew, without what users have written into it. */
export interface ExtensionRelation {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'table' | 'sequence'
  readonly extension: string
  /** The schema that the extension lies in. */
  readonly extensionSchema: string
  /** Of a table, without generated ones. */
  readonly columns: readonly string[]
  /** The extension says by pg_extension_config_dump that users write in it: its rows travel. */
  readonly configuration: boolean
  /** Which of its rows are the user's; of a sequence it says nothing. */
  readonly where: string
  readonly readable: boolean
  /** Other tables of configuration whose rows must be there first, itself among them: foreign keys are there before the rows. */
  readonly behind: readonly number[]
}

interface Row extends Omit<ExtensionRelation, 'kind' | 'where' | 'behind'> {
  readonly kind: string
  readonly condition: string | null
  readonly behind: readonly string[]
}

/** What the extensions of the source's database hold, in the order of the names. */
export async function readExtensionRelations(source: Session): Promise<readonly ExtensionRelation[]> {
  const rows = await source.rows<Row>(RELATIONS)
  return rows.map(({ condition, kind, behind, ...row }) => ({
    ...row,
    kind: kind === 'S' ? 'sequence' : 'table',
    // A partitioned table has no rows of its own, and pg_dump takes none through it.
    configuration: row.configuration && kind !== 'p',
    where: conditionOf(condition ?? '', quoteQualified(row.schema, row.name)),
    behind: behind.map(Number),
  }))
}

/** pg_dump writes the extension's text behind the table's name, whatever it is: mostly nothing, or WHERE and a condition. */
function conditionOf(clause: string, table: string): string {
  if (clause.trim() === '') return 'true'
  const where = /^\s*WHERE\b(?<condition>.*)$/is.exec(clause)?.groups?.condition
  return where ?? `ctid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT ctid FROM ONLY ${table} ${clause}\n))`
}
