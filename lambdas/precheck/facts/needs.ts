import type { CheckContext } from '../context.ts'
import type { Tie } from './source-relation.ts'

interface Edge {
  readonly from: string
  readonly to: string
}

/**
 * What an object is called here: `r` and an OID of a relation, `t` of a type, `p` of a function. The row type of a table is the table, an array its element, a
 * default or a check what it belongs to.
 */
const node = (catalog: string, oid: string) => `CASE
    WHEN ${catalog} = 'pg_catalog.pg_class'::pg_catalog.regclass THEN
      (SELECT CASE WHEN c.relkind = 'c' THEN 't' || c.reltype::text ELSE 'r' || c.oid::text END
         FROM pg_catalog.pg_class AS c WHERE c.oid = ${oid})
    WHEN ${catalog} = 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN
      (SELECT 'r' || r.ev_class::text FROM pg_catalog.pg_rewrite AS r WHERE r.oid = ${oid} AND r.rulename = '_RETURN')
    WHEN ${catalog} = 'pg_catalog.pg_attrdef'::pg_catalog.regclass THEN
      (SELECT 'r' || a.adrelid::text FROM pg_catalog.pg_attrdef AS a WHERE a.oid = ${oid})
    WHEN ${catalog} = 'pg_catalog.pg_constraint'::pg_catalog.regclass THEN
      (SELECT CASE WHEN k.conrelid <> 0 THEN 'r' || k.conrelid::text ELSE 't' || k.contypid::text END
         FROM pg_catalog.pg_constraint AS k WHERE k.oid = ${oid} AND k.contype = 'c')
    WHEN ${catalog} = 'pg_catalog.pg_proc'::pg_catalog.regclass THEN 'p' || ${oid}::text
    WHEN ${catalog} = 'pg_catalog.pg_type'::pg_catalog.regclass THEN
      (SELECT CASE WHEN row_of.relkind IN ('r', 'p', 'v', 'm', 'f') THEN 'r' || row_of.oid::text ELSE 't' || e.oid::text END
         FROM pg_catalog.pg_type AS t
         JOIN pg_catalog.pg_type AS e ON e.oid = CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN t.typelem ELSE t.oid END
         LEFT JOIN pg_catalog.pg_class AS row_of ON row_of.oid = e.typrelid
        WHERE t.oid = ${oid})
  END`

const EDGES = `
  SELECT DISTINCT edge.from, edge.to
    FROM (SELECT ${node('d.classid', 'd.objid')} AS from, ${node('d.refclassid', 'd.refobjid')} AS to
            FROM pg_catalog.pg_depend AS d
           WHERE d.deptype = 'n' AND d.objid >= 16384 AND d.refobjid >= 16384) AS edge
   WHERE edge.from <> edge.to`

/** Which relations cannot be without which others: directly, or through types and functions, by the server's own dependencies. */
export async function relationNeeds(context: CheckContext): Promise<readonly Tie[]> {
  return throughOthers(await context.source.rows<Edge>(EDGES))
}

/** Pure: only relations are left, each tied to what it reaches without passing another relation. */
export function throughOthers(edges: readonly Edge[]): readonly Tie[] {
  const next = Map.groupBy(edges, ({ from }) => from)
  const relations = [...next.keys()].filter((from) => from.startsWith('r'))
  return relations.flatMap((from) => {
    const reached = new Set<string>()
    const open = [from]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const { to } of next.get(at) ?? []) {
        if (reached.has(to)) continue
        reached.add(to)
        if (!to.startsWith('r')) open.push(to)
      }
    }
    return [...reached]
      .filter((to) => to.startsWith('r') && to !== from)
      .map((to): Tie => ({ from: Number(from.slice(1)), to: Number(to.slice(1)), kind: 'needs' }))
  })
}
