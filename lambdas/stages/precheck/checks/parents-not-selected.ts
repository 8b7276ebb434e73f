import { type Check, count, findingOf } from '../check.ts'
import { extensionRelations } from '../facts/extension-data.ts'
import { isChosen } from '../facts/relations.ts'
import { shownName, USER_SCHEMA } from '../facts/sql.ts'

interface Reference {
  readonly schema: string
  readonly name: string
  readonly constraint: string
  readonly parentSchema: string
  readonly parentName: string
}

export const parentsNotSelected: Check = {
  code: 'FK_PARENT_NOT_SELECTED',
  side: 'source',
  level: 'warning',
  scope: 'database',
  needs: ['source'],
  title: 'foreign keys of chosen tables point at chosen tables',
  cause: 'foreign keys point at tables that are left out: the destination cannot have these constraints',
  remedy: 'choose the parent tables too, or acknowledge this code',
  async run(context) {
    const [rows, chosen, ofExtensions] = await Promise.all([
      context.source.rows<Reference>(`
      SELECT n.nspname AS schema, c.relname AS name, f.conname AS constraint,
             pn.nspname AS "parentSchema", p.relname AS "parentName"
        FROM pg_catalog.pg_constraint AS f
        JOIN pg_catalog.pg_class AS c ON c.oid = f.conrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_class AS p ON p.oid = f.confrelid JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
       WHERE f.contype = 'f' AND ${USER_SCHEMA} ORDER BY 1, 2, 3`),
      context.fact(isChosen),
      context.fact(extensionRelations),
    ])
    // Their extensions make them, and what of their rows does not come has a finding of its own.
    const made = new Set(ofExtensions.map(({ schema, name }) => shownName(schema, name)))
    const comes = (schema: string, name: string) => chosen(schema, name) || made.has(shownName(schema, name))
    const broken = rows.filter((row) => chosen(row.schema, row.name) && !comes(row.parentSchema, row.parentName))
    return findingOf(
      broken.map(
        (row) =>
          `${shownName(row.constraint)} of ${shownName(row.schema, row.name)}, to ${shownName(row.parentSchema, row.parentName)}`,
      ),
      (number) => `${count(number, 'foreign key')} to tables that are left out`,
    )
  },
}
