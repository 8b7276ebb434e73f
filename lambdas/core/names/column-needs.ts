import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'
import type { RenamedRelation } from './renames.ts'

const NEEDS = sqlFile(new URL('./sql/column-needs.sql', import.meta.url))

/** Something that cannot be without a column. */
export interface ColumnNeed {
  readonly schema: string
  readonly name: string
  readonly column: string
  /** In the server’s words: `rule _RETURN on view shop.v`. */
  readonly what: string
  readonly classid: number
  readonly objid: number
  /** The relation that it belongs to; null where it belongs to none. */
  readonly ofSchema: string | null
  readonly ofName: string | null
}

/** What stands on columns that are to stay behind. One question. */
export function readColumnNeeds(session: Session, relations: Iterable<RenamedRelation>): Promise<ColumnNeed[]> {
  const columns = [...relations].flatMap(({ from, excluded }) => excluded.map((column) => ({ ...from, column })))
  return session.rows<ColumnNeed>(NEEDS, [
    columns.map(({ schema }) => schema),
    columns.map(({ name }) => name),
    columns.map(({ column }) => column),
  ])
}

/** `shop.people.mail: view shop.v needs it` */
export function needText({ schema, name, column, what }: ColumnNeed): string {
  const who = what.replace(/^rule "?_RETURN"? on /, '').replace(/^default value for column/, 'the generated column')
  return `${schema}.${name}.${column}: ${who} needs it`
}
