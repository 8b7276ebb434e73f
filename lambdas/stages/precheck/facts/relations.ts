import { select } from '../../../core/task/select/select.ts'
import type { CheckContext } from '../context.ts'
import { type CatalogueEntry, catalogueTies, entriesOf } from './catalogue.ts'
import { excludedByKind } from './named-objects.ts'
import type { SourceRelation } from './source-relation.ts'
import { notOfExtension, shownName, USER_SCHEMA } from './sql.ts'

/** What comes of a selection. */
export interface Choice {
  readonly chosen: readonly SourceRelation[]
  /** Named by the patterns, or upon a table that comes; not excluded, but in need of something that is. Names for people. */
  readonly inVain: readonly { readonly name: string; readonly needs: string }[]
  /** Named by no pattern, and chosen because something that is named needs them. */
  readonly along: readonly SourceRelation[]
}

const RELATIONS = `
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence,
         EXISTS (SELECT FROM pg_catalog.pg_index AS i
                  WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL) AS "hasKey"
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relpersistence <> 't' AND ${USER_SCHEMA}
     AND ${notOfExtension('pg_class', 'c.oid')}
   ORDER BY n.nspname, c.relname`

/** All relations of the source database, chosen or not. */
export function sourceRelations(context: CheckContext): Promise<readonly SourceRelation[]> {
  return context.source.rows<SourceRelation>(RELATIONS)
}

/** Those of the selection: what the patterns name, and what that needs. */
export async function chosenRelations(context: CheckContext): Promise<readonly SourceRelation[]> {
  return (await context.fact(choice)).chosen
}

/** What the patterns bring along, by the plan's own closure, and what of it cannot come. */
export async function choice(context: CheckContext): Promise<Choice> {
  const [relations, ties, excluded] = await Promise.all([
    context.fact(sourceRelations),
    catalogueTies(context),
    excludedByKind(context),
  ])
  const entries = entriesOf(relations, ties)
  const { selection } = context
  const { leftOut, inVain, along } = select(entries, {
    everything: selection.everything,
    includes: selection.includesTable,
    excludes: selection.excludesTable,
    includesSchema: selection.includesWholeSchema,
    excludesSchema: () => false,
    excludesObject: ({ node }) => excluded.has(node),
  })
  const byNode = new Map(relations.map((relation) => [`r${relation.oid}`, relation]))
  const comes = new Set(entries.filter(({ id }) => !leftOut.has(id)).map(({ node }) => node))
  return {
    chosen: relations.filter(({ oid }) => comes.has(`r${oid}`)),
    along: along.flatMap(({ node }) => byNode.get(node) ?? []),
    inVain: inVain.flatMap(({ entry, excluded: missing }) => {
      const table = byNode.get(missing.node)
      const needs = table ? shownName(table.schema, table.name) : excluded.get(missing.node)
      return needs === undefined ? [] : [{ name: nameOf(entry), needs }]
    }),
  }
}

/** `public.orders`, `trigger public.orders.audit`. */
function nameOf({ kind, schema, tag, part }: CatalogueEntry): string {
  const place = schema === null ? [] : [schema]
  return part === null
    ? shownName(...place, tag)
    : `${kind.toLowerCase()} ${shownName(...place, part.table, part.name)}`
}

/** Tells whether a relation is of the selection. */
export async function isChosen(context: CheckContext): Promise<(schema: string, name: string) => boolean> {
  const keys = new Set((await context.fact(chosenRelations)).map(({ schema, name }) => keyOf(schema, name)))
  return (schema, name) => keys.has(keyOf(schema, name))
}

function keyOf(schema: string, name: string): string {
  return JSON.stringify([schema, name])
}
