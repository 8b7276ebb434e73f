import { isLargeObjects, type Relation, type RelationAtSource } from '../../../core/ledger/relation.ts'
import { quoteIdentifier, quoteLiteral } from '../../../core/postgres/identifiers.ts'
import { tableOf } from '../../../core/rows/select.ts'
import { COLUMN_CHANGED, changedTypeSql, type NamedType } from './named-types.ts'

/**
 * - `planned`: the view has the table otherwise than the plan
 * - `structure`: its name, columns, partitions or types are not those of the view any more
 * - `file`: they are, but its rows lie in another file
 */
export type Change = 'planned' | 'structure' | 'file'

const CHANGES: readonly Change[] = ['planned', 'structure', 'file']

/** A table whose rows a query of the source reads. */
export interface Watched {
  readonly oid: number
  readonly source: Pick<RelationAtSource, 'schema' | 'name' | 'columns' | 'tree'>
  readonly excluded?: readonly string[]
}

/** The relations with all that their filters read, each table once. */
export function withReads(relations: readonly Relation[]): readonly Watched[] {
  const tables = new Map<number, Watched>()
  for (const { oid, ...source } of relations.flatMap(({ reads = [] }) => reads)) tables.set(oid, { oid, source })
  for (const relation of relations) tables.set(relation.oid, relation)
  return [...tables.values()]
}

/** What `pg_partition_tree` is there since. */
const PARTITION_TREES = 120_000
const GENERATED = 120_000

/**
 * Which of these tables the source has changed since the view was taken: `oid, number of the change`, the worst one first, one
 * row at most. A view does not protect from that. The names in a COPY mean what they mean now: columns renamed crosswise change
 * places, a partition that was detached is not read with its root. TRUNCATE and a rewriting ALTER TABLE leave nothing that the view
 * sees, and VACUUM FULL and CLUSTER lay the rows in other places, so that ranges of pages read before and after lose rows or
 * have them twice. The catalogues read by SQL are the view's own; what the server's functions and the names in the query itself
 * answer is as of now. As the flight has read the tables, its locks keep them as they are.
 * @param types those that the relations are made of
 * @returns null where there is no table among them
 */
export function changedQuery(
  relations: readonly Watched[],
  types: readonly NamedType[],
  sourceVersion: number,
): string | null {
  const tables = relations.filter((relation) => !isLargeObjects(relation))
  if (tables.length === 0) return null
  const trees = tables.filter(({ source }) => source.tree).map(({ oid }) => oid)
  const parts = [
    plannedOtherwise(sourceVersion),
    MOVED,
    COLUMNS,
    FILE,
    ...(trees.length === 0 ? [] : [partitions(trees, sourceVersion)]),
    ...typesOf(tables, types),
  ]
  return question(
    tables.map((table) => plannedRow(table)),
    trees,
    parts,
  )
}

/** The same of what the view has otherwise than the plan alone: it names nothing that may be gone. */
export function plannedOtherwiseQuery(relations: readonly Watched[], sourceVersion: number): string {
  const planned = relations.map((relation) => plannedRow(relation, 'nothing'))
  return question(planned, [], [plannedOtherwise(sourceVersion)])
}

function question(planned: readonly string[], trees: readonly number[], parts: readonly string[]): string {
  return `WITH RECURSIVE planned(oid, schema, name, tree, columns, types, found, excluded) AS (VALUES ${planned.join()}),
    member(root, oid) AS (
      SELECT p.oid, p.oid FROM planned p
      UNION SELECT m.root, i.inhrelid FROM member m JOIN pg_catalog.pg_inherits i ON i.inhparent = m.oid
             WHERE m.root = ANY (ARRAY[${trees.join()}]::pg_catalog.oid[])),
    -- Of a relation that is gone the server's functions may not be asked.
    known AS (
      SELECT m.root, c.oid, c.relkind, c.relfilenode, n.nspname, c.relname,
             COALESCE(p.found, pg_catalog.to_regclass(pg_catalog.format('%I.%I', n.nspname, c.relname))::pg_catalog.oid) IS NOT DISTINCT FROM c.oid AS there
        FROM member m JOIN pg_catalog.pg_class c ON c.oid = m.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN planned p ON p.oid = c.oid)
  SELECT found.root::text, found.change::text FROM (${parts.join('\n    UNION ALL ')}) AS found(root, change) ORDER BY found.change LIMIT 1`
}

/** @returns null where nothing was found */
export function readChange(row: readonly (string | null)[] | undefined): { oid: number; change: Change } | null {
  const change = CHANGES[Number(row?.[1])]
  return row === undefined || change === undefined ? null : { oid: Number(row[0]), change }
}

/** The types are those that the columns' names stand for now: under the lock of its COPY the table is there, and has them. */
function plannedRow({ oid, source, excluded = [] }: Watched, named: 'all' | 'nothing' = 'all'): string {
  const { schema, name, tree, columns } = source
  const table = tableOf(source)
  const types = (named === 'nothing' ? [] : columns).map(
    (column) => `pg_catalog.pg_typeof((NULL::${table}).${quoteIdentifier(column)})`,
  )
  const found = `pg_catalog.to_regclass(${quoteLiteral(table)})::pg_catalog.oid`
  return `(${oid}::pg_catalog.oid, ${quoteLiteral(schema)}, ${quoteLiteral(name)}, ${tree}, ARRAY[${columns.map(quoteLiteral).join()}]::text[],
    ARRAY[${types.join()}]::pg_catalog.oid[], ${found}, ARRAY[${excluded.map(quoteLiteral).join()}]::text[])`
}

function plannedOtherwise(sourceVersion: number): string {
  const stored = sourceVersion >= GENERATED ? `AND a.attgenerated = ''` : ''
  return `SELECT p.oid, 0 FROM planned p LEFT JOIN known k ON k.root = p.oid AND k.oid = p.oid
      WHERE k.nspname::text IS DISTINCT FROM p.schema OR k.relname::text IS DISTINCT FROM p.name
         OR p.columns <> ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = p.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname::text <> ALL (p.excluded) ${stored} ORDER BY a.attnum)`
}

const MOVED = `SELECT k.root, 1 FROM known k WHERE NOT k.there`

const COLUMNS = `SELECT c.root, 1 FROM known c JOIN known n ON n.root = c.root AND n.oid = c.oid
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE CASE WHEN c.there THEN ${COLUMN_CHANGED} END
    UNION ALL SELECT p.oid, 1 FROM planned p
       CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(p.columns), pg_catalog.unnest(p.types)) AS live(name, type)
       JOIN pg_catalog.pg_attribute a ON a.attname::text = live.name
      WHERE a.attrelid = p.oid AND a.attnum > 0 AND a.atttypid <> live.type`

/** Of a partitioned table, which has no file, 10 keeps a number all the same. */
const FILE = `SELECT k.root, 2 FROM known k
      WHERE k.relkind <> 'p' AND NULLIF(k.relfilenode, 0) IS DISTINCT FROM pg_catalog.pg_relation_filenode(k.oid)`

/**
 * What was detached is not read with its root any more, and what was attached is, a second time where it is a table of the plan. A
 * partition that the view does not know has no row that it sees.
 */
function partitions(trees: readonly number[], sourceVersion: number): string {
  return sourceVersion >= PARTITION_TREES ? trees.map(treeNow).join(' UNION ALL ') : LOCKED_PARTITIONS
}

function treeNow(root: number): string {
  const known = `SELECT k.oid FROM known k WHERE k.root = ${root}`
  const now = `SELECT t.relid::pg_catalog.oid AS oid FROM pg_catalog.pg_partition_tree(${root}::pg_catalog.oid::pg_catalog.regclass) t`
  return `SELECT ${root}::pg_catalog.oid, 1 WHERE EXISTS (${known} EXCEPT ${now})
      OR EXISTS (SELECT FROM (${now} EXCEPT ${known}) added JOIN pg_catalog.pg_class c ON c.oid = added.oid)`
}

/**
 * Whoever reads a tree locks all that is in it at the moment, and before 12 nothing else tells. Of a tree that is part of another one
 * the planner asks the bounds too, which locks what is above it (generate_partition_qual in partition.c).
 */
const LOCKED_PARTITIONS = `(WITH RECURSIVE locked AS (
        SELECT l.relation AS oid FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
         WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND d.datname = pg_catalog.current_database()),
      above(oid) AS (
        SELECT i.inhparent FROM known k JOIN pg_catalog.pg_inherits i ON i.inhrelid = k.oid
        UNION SELECT i.inhparent FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.oid)
      SELECT k.root, 1 FROM known k JOIN planned p ON p.oid = k.root AND p.tree WHERE k.oid NOT IN (SELECT l.oid FROM locked l)
      UNION ALL SELECT (SELECT max(p.oid::bigint)::pg_catalog.oid FROM planned p WHERE p.tree), 1
        FROM locked l JOIN pg_catalog.pg_class c ON c.oid = l.oid AND c.relkind IN ('r', 'p', 'f')
       WHERE c.oid >= 16384 AND c.oid NOT IN (SELECT k.oid FROM known k UNION ALL SELECT a.oid FROM above a)
      UNION ALL SELECT p.oid, 1 FROM planned p JOIN pg_catalog.pg_class c ON c.oid = p.oid
       WHERE NOT c.relispartition AND pg_catalog.pg_get_partition_constraintdef(c.oid) IS NOT NULL)`

function typesOf(tables: readonly Watched[], types: readonly NamedType[]): string[] {
  const oids = new Set(tables.map(({ oid }) => oid))
  return types.flatMap((type) => {
    const users = type.relations.filter((oid) => oids.has(oid))
    if (users.length === 0) return []
    return [`SELECT ${users[0]}::pg_catalog.oid, 1 FROM (${changedTypeSql(type)}) t`]
  })
}
