import { callsMoreThanImmutable, domainCheckApart } from '../../../core/postgres/checks-behind-rows.ts'
import type { Selectable } from '../../../core/task/select/selectable.ts'
import type { CheckContext } from '../context.ts'
import type { SourceRelation } from './source-relation.ts'

/** An object of the source, in the form in which the plan chooses among the archive's entries. */
export interface CatalogueEntry extends Selectable {
  /**
   * What an object is called here: `r` and an OID of a relation, `t` of a type, `p` of a function, `o` with the catalogue of anything
   * else.
   */
  readonly node: string
  /** What lies upon a table; null for the rest. */
  readonly part: { readonly table: string; readonly name: string } | null
}

interface Edge {
  readonly from: string
  readonly to: string
  /** The schema of what is no relation, null where it has none. */
  readonly schema: string | null
}

export interface CatalogueTies {
  readonly edges: readonly Edge[]
  readonly parts: readonly Part[]
}

/** Something that comes and goes with a table, or ties a partition to it. */
interface Part {
  readonly node: string
  readonly owner: string
  readonly kind: string
  readonly name: string
}

/** The row type of a table is the table, an array its element, a default or a check what it belongs to. */
const node = (catalogue: string, oid: string) => `CASE
    WHEN ${catalogue} = 'pg_catalog.pg_class'::pg_catalog.regclass THEN
      (SELECT CASE WHEN c.relkind = 'c' THEN 't' || c.reltype::text ELSE 'r' || c.oid::text END
         FROM pg_catalog.pg_class AS c WHERE c.oid = ${oid})
    WHEN ${catalogue} = 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN
      (SELECT CASE r.rulename WHEN '_RETURN' THEN 'r' || r.ev_class::text ELSE 'o' || ${catalogue}::text || '.' || r.oid::text END
         FROM pg_catalog.pg_rewrite AS r WHERE r.oid = ${oid})
    WHEN ${catalogue} = 'pg_catalog.pg_attrdef'::pg_catalog.regclass THEN
      (SELECT 'r' || a.adrelid::text FROM pg_catalog.pg_attrdef AS a WHERE a.oid = ${oid})
    WHEN ${catalogue} = 'pg_catalog.pg_constraint'::pg_catalog.regclass THEN
      (SELECT CASE WHEN k.conrelid = 0 AND k.convalidated AND NOT ${domainCheckApart('k')} THEN 't' || k.contypid::text
                   WHEN k.conrelid = 0 OR ${apart('k')} THEN 'o' || ${catalogue}::text || '.' || k.oid::text
                   ELSE 'r' || k.conrelid::text END
         FROM pg_catalog.pg_constraint AS k WHERE k.oid = ${oid} AND k.contype = 'c')
    WHEN ${catalogue} = 'pg_catalog.pg_proc'::pg_catalog.regclass THEN 'p' || ${oid}::text
    WHEN ${catalogue} = 'pg_catalog.pg_type'::pg_catalog.regclass THEN
      (SELECT CASE WHEN row_of.relkind IN ('r', 'p', 'v', 'm', 'f') THEN 'r' || row_of.oid::text ELSE 't' || e.oid::text END
         FROM pg_catalog.pg_type AS t
         JOIN pg_catalog.pg_type AS e ON e.oid = CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN t.typelem ELSE t.oid END
         LEFT JOIN pg_catalog.pg_class AS row_of ON row_of.oid = e.typrelid
        WHERE t.oid = ${oid})
    ELSE 'o' || ${catalogue}::text || '.' || ${oid}::text
  END`

/** pg_dump writes such a CHECK apart from its table. */
function apart(check: string): string {
  return `(NOT ${check}.convalidated OR ${callsMoreThanImmutable(check)})`
}

/** Dependencies of the server's own account, and of members of extensions on their extension. */
const EDGES = `
  SELECT DISTINCT edge.from, edge.to, CASE WHEN edge.from !~ '^r' THEN edge.schema END AS schema
    FROM (SELECT ${node('d.classid', 'd.objid')} AS from, ${node('d.refclassid', 'd.refobjid')} AS to,
                 (pg_catalog.pg_identify_object(d.classid, d.objid, 0)).schema AS schema
            FROM pg_catalog.pg_depend AS d
           WHERE d.deptype IN ('n', 'e') AND d.objid >= 16384 AND d.refobjid >= 16384) AS edge
   WHERE edge.from <> edge.to`

/** Children need their parents; a column's sequence belongs to its table; what lies upon a table comes with it. */
function partsSql(version: number): string {
  const other = (catalogue: string, oid: string) =>
    `'o' || 'pg_catalog.${catalogue}'::pg_catalog.regclass::pg_catalog.oid::text || '.' || ${oid}::text`
  const parts = [
    `SELECT 'r' || i.inhrelid::text AS node, 'r' || i.inhparent::text AS owner,
            ${version >= 100_000 ? `CASE WHEN c.relispartition THEN 'TABLE ATTACH' ELSE 'TABLE' END` : `'TABLE'`} AS kind, c.relname::text AS name
       FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid WHERE c.relkind IN ('r', 'p', 'f')`,
    `SELECT 'r' || d.objid::text, 'r' || d.refobjid::text, 'SEQUENCE', s.relname
       FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_class AS s ON s.oid = d.objid
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') AND s.relkind = 'S'
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass`,
    `SELECT 'r' || i.indexrelid::text, 'r' || i.indrelid::text, 'INDEX', c.relname
       FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid WHERE i.indexrelid >= 16384`,
    `SELECT ${other('pg_constraint', 'k.oid')}, 'r' || k.conrelid::text, 'CHECK CONSTRAINT', k.conname
       FROM pg_catalog.pg_constraint AS k WHERE k.contype = 'c' AND k.conrelid >= 16384 AND ${apart('k')}`,
    `SELECT ${other('pg_trigger', 't.oid')}, 'r' || t.tgrelid::text, 'TRIGGER', t.tgname
       FROM pg_catalog.pg_trigger AS t WHERE NOT t.tgisinternal`,
    `SELECT ${other('pg_rewrite', 'r.oid')}, 'r' || r.ev_class::text, 'RULE', r.rulename
       FROM pg_catalog.pg_rewrite AS r WHERE r.rulename <> '_RETURN' AND r.ev_class >= 16384`,
  ]
  if (version >= 90_500) {
    parts.push(
      `SELECT ${other('pg_policy', 'p.oid')}, 'r' || p.polrelid::text, 'POLICY', p.polname FROM pg_catalog.pg_policy AS p`,
    )
  }
  if (version >= 100_000) {
    parts.push(`SELECT ${other('pg_statistic_ext', 's.oid')}, 'r' || s.stxrelid::text, 'STATISTICS', s.stxname
                  FROM pg_catalog.pg_statistic_ext AS s`)
  }
  return parts.join(' UNION ALL ')
}

const RELATION_KINDS: Readonly<Record<SourceRelation['kind'], string>> = {
  r: 'TABLE',
  p: 'TABLE',
  f: 'FOREIGN TABLE',
  v: 'VIEW',
  m: 'MATERIALIZED VIEW',
  S: 'SEQUENCE',
}

/** All that ties the source's relations to each other, in two queries. */
export async function catalogueTies({ source }: CheckContext): Promise<CatalogueTies> {
  const [edges, parts] = await Promise.all([
    source.rows<Edge>(EDGES),
    source.rows<Part>(partsSql(source.serverVersion)),
  ])
  return { edges, parts }
}

/** The relations and what stands between them, as entries to choose among. Pure. */
export function entriesOf(
  relations: readonly SourceRelation[],
  { edges, parts }: CatalogueTies,
): readonly CatalogueEntry[] {
  const ids = new Map<string, number>()
  const idOf = (name: string) => {
    const id = ids.get(name) ?? ids.size + 1
    ids.set(name, id)
    return id
  }
  const needs = Map.groupBy(edges, ({ from }) => from)
  const needed = (name: string) => (needs.get(name) ?? []).map(({ to }) => idOf(to))
  const owners = Map.groupBy(
    parts.filter(({ kind }) => /^(TABLE|TABLE ATTACH|SEQUENCE)$/.test(kind)),
    (part) => part.node,
  )
  const byNode = new Map(relations.map((relation) => [`r${relation.oid}`, relation]))
  const own = relations.map(({ oid, schema, name, kind }): CatalogueEntry => {
    const above = (owners.get(`r${oid}`) ?? []).map(({ owner }) => idOf(owner))
    return {
      id: idOf(`r${oid}`),
      node: `r${oid}`,
      kind: RELATION_KINDS[kind],
      tag: name,
      schema,
      relationKind: kind,
      part: null,
      dependencies: [...above, ...needed(`r${oid}`)],
    }
  })
  const upon = parts.flatMap(({ node: name, owner, kind, name: tag }): CatalogueEntry[] => {
    const table = byNode.get(owner)
    if (table === undefined || kind === 'TABLE' || kind === 'SEQUENCE') return []
    const attach = kind === 'TABLE ATTACH'
    return [
      {
        id: idOf(attach ? `attach ${name}` : name),
        node: attach ? '' : name,
        kind,
        tag: attach || kind === 'INDEX' || kind === 'STATISTICS' ? tag : `${table.name} ${tag}`,
        schema: attach ? (byNode.get(name)?.schema ?? table.schema) : table.schema,
        relationKind: null,
        part: attach ? null : { table: table.name, name: tag },
        dependencies: attach ? [idOf(name), idOf(owner)] : [idOf(owner), ...needed(name)],
      },
    ]
  })
  const placed = new Set([...own, ...upon].map((entry) => entry.node))
  const other = { kind: 'OTHER', relationKind: null, part: null }
  const others = [...needs].flatMap(([name, [first]]): CatalogueEntry[] => {
    if (placed.has(name) || first === undefined || name.startsWith('r')) return []
    const schema = needs.get(name)?.find((edge) => edge.schema !== null)?.schema ?? null
    return [{ id: idOf(name), node: name, tag: name, ...other, schema, dependencies: needed(name) }]
  })
  // What needs nothing itself may be excluded.
  const known = new Set([...placed, ...others.map((entry) => entry.node)])
  const leaves = [...ids].flatMap(([name, id]): CatalogueEntry[] =>
    known.has(name) || name.startsWith('attach ') || name.startsWith('r')
      ? []
      : [{ id, node: name, tag: name, ...other, schema: null, dependencies: [] }],
  )
  return [...own, ...others, ...leaves, ...upon]
}
