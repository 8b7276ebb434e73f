import { quoteIdentifier, quoteQualified } from '../../../core/postgres/identifiers.ts'
import { PG_ATTRDEF } from '../toc/catalogue-oids.ts'
import { NO_STORAGE, type TocEntry } from '../toc/entry.ts'

/**
 * What keeps a column from the default of the table it inherits from. From 16 on pg_dump says so for a child whose own parent has the
 * default only (`flagInhAttrs` in common.c passes a NULL by): the child of that child would have it after all, since it is made before
 * its parent’s default is taken off.
 * @param columns of tables by their oids on the source, that have no default where an ancestor’s column of the name has one
 */
export function defaultsTaken(
  entries: readonly TocEntry[],
  columns: ReadonlyMap<number, readonly string[]>,
  firstId: number,
): TocEntry[] {
  const said = new Set(entries.filter(({ kind }) => kind === 'DEFAULT').map(({ schema, tag }) => `${schema}.${tag}`))
  const made = entries.flatMap((table) => {
    if (table.kind !== 'TABLE' && table.kind !== 'FOREIGN TABLE') return []
    const without = columns.get(table.oid) ?? []
    return without
      .filter((column) => !said.has(`${table.schema}.${table.tag} ${column}`))
      .map((column) => entry(table, column))
  })
  return made.map((each, index) => ({ ...each, id: firstId + index }))
}

function entry(table: TocEntry, column: string): TocEntry {
  const name = quoteQualified(table.schema ?? 'public', table.tag)
  return {
    ...table,
    catalogOid: PG_ATTRDEF,
    oid: 0,
    kind: 'DEFAULT',
    tag: `${table.tag} ${column}`,
    section: 'pre-data',
    sql: `ALTER TABLE ONLY ${name} ALTER COLUMN ${quoteIdentifier(column)} SET DEFAULT NULL;\n`,
    dropSql: '',
    ...NO_STORAGE,
    dependencies: [table.id],
  }
}
