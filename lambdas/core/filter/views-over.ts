import type { Session } from '../postgres/connect.ts'
import { sqlFile } from '../postgres/sql-file.ts'

const VIEWS = sqlFile(new URL('./sql/views-over.sql', import.meta.url))

/** A materialized view with those of the given tables that it reads, as `schema.name`. */
export interface ViewOver {
  readonly schema: string
  readonly name: string
  readonly tables: readonly string[]
}

/** The materialized views that read any of these tables, directly or not. */
export async function readViewsOver(source: Session, tables: readonly number[]): Promise<readonly ViewOver[]> {
  return tables.length === 0 ? [] : source.rows<ViewOver>(VIEWS, [tables])
}
