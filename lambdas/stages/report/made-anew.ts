import type { ObjectReport, TableReport } from './model.ts'

/** What the destination has made by itself, from what was copied: it is not part of the comparison of rows. */
export interface MadeAnew {
  /** Tables with generated columns. */
  readonly computed: readonly TableReport[]
  /** Materialized views that were filled. */
  readonly filled: readonly ObjectReport[]
}

export function madeAnew({
  tables,
  objects,
}: {
  readonly tables: readonly TableReport[]
  readonly objects: readonly ObjectReport[]
}): MadeAnew {
  return {
    computed: tables.filter((table) => (table.computed ?? []).length > 0),
    filled: objects.filter(
      ({ kind, status }) => kind === 'MATERIALIZED VIEW DATA' && (status === 'migrated' || status === 'transformed'),
    ),
  }
}

/** Columns of whose values only NULL and not NULL was compared, with their tables' names: "equal" does not tell of them. */
export function notComparedColumns(tables: readonly TableReport[]): readonly { readonly name: string }[] {
  return tables
    .filter(({ sourceDigest }) => sourceDigest !== null)
    .flatMap(({ name, notCompared }) => (notCompared ?? []).map((column) => ({ name: `${name}.${column}` })))
}
