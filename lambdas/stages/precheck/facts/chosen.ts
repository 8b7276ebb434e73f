import type { QualifiedName } from '../../../core/task/selection.ts'
import type { CheckContext } from '../context.ts'
import { isChosen } from './relations.ts'

/** Rows of a query on the source about tables (and their like), those of the selection only. */
export async function chosenTables<Row extends QualifiedName>(context: CheckContext, sql: string): Promise<Row[]> {
  const [rows, chosen] = await Promise.all([context.source.rows<Row>(sql), context.fact(isChosen)])
  return rows.filter((row) => chosen(row.schema, row.name))
}

/** Rows of a query on the source about types, functions and the like: those whose schema is chosen as a whole. */
export async function chosenBySchema<Row extends { readonly schema: string }>(
  context: CheckContext,
  sql: string,
): Promise<Row[]> {
  const rows = await context.source.rows<Row>(sql)
  return rows.filter((row) => context.selection.includesWholeSchema(row.schema))
}
