/**
 * SQL: what an object of this kind is, as text; `o` is its row in the catalogue. Null for kinds that are only looked for by name.
 * Left out is what the run itself changes behind the object (owners and rights, row security and replica identity, NOT NULL by a key, whether a constraint is
 * validated), and what changes without anybody's command.
 */
export function definitionOf(kind: string, version: number): string | null {
  switch (kind) {
    case 'TABLE':
      return table(version)
    case 'FOREIGN TABLE':
      return `pg_catalog.concat(${table(version)}, (SELECT ROW(f.ftserver, f.ftoptions)::text FROM pg_catalog.pg_foreign_table f WHERE f.ftrelid = o.oid))`
    case 'VIEW':
    case 'MATERIALIZED VIEW':
      return `(SELECT w.ev_action::text FROM pg_catalog.pg_rewrite w WHERE w.ev_class = o.oid AND w.rulename = '_RETURN')`
    case 'SEQUENCE':
      return version >= 100_000
        ? `(SELECT ROW(q.seqtypid, q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle)::text
              FROM pg_catalog.pg_sequence q WHERE q.seqrelid = o.oid)`
        : null
    case 'INDEX':
      return 'pg_catalog.pg_get_indexdef(o.oid)'
    case 'TYPE':
      return `pg_catalog.concat(
        (SELECT pg_catalog.string_agg(e.enumlabel, E'\\n' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = o.oid),
        (SELECT g.rngsubtype FROM pg_catalog.pg_range g WHERE g.rngtypid = o.oid), ${columns('o.typrelid', version)})`
    case 'DOMAIN':
      return `pg_catalog.concat(ROW(o.typbasetype, o.typtypmod, o.typcollation, o.typdefaultbin, o.typnotnull)::text,
        (SELECT pg_catalog.string_agg(ROW(k.conname, k.conbin)::text, ',' ORDER BY k.conname::text COLLATE pg_catalog."C")
           FROM pg_catalog.pg_constraint k WHERE k.contypid = o.oid AND k.contype = 'c'))`
    case 'FUNCTION':
    case 'PROCEDURE':
    case 'AGGREGATE':
      return `pg_catalog.concat(pg_catalog.to_jsonb(o) - 'proowner' - 'proacl',
        (SELECT g::text FROM pg_catalog.pg_aggregate g WHERE g.aggfnoid = o.oid))`
    case 'CONSTRAINT':
    case 'FK CONSTRAINT':
    case 'CHECK CONSTRAINT':
      return `pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(o.oid), ' NOT VALID$', '')`
    case 'TRIGGER':
      return 'pg_catalog.concat(pg_catalog.pg_get_triggerdef(o.oid), o.tgenabled)'
    case 'RULE':
      return 'ROW(o.ev_type, o.ev_enabled, o.is_instead, o.ev_qual, o.ev_action)::text'
    case 'POLICY':
      return `(pg_catalog.to_jsonb(o) - 'polroles')::text`
    case 'DEFAULT':
      return 'o.adbin::text'
    case 'STATISTICS':
      // Until 12 ANALYZE writes what it has found into the same row.
      return `(pg_catalog.to_jsonb(o) - 'stxowner' - 'stxndistinct' - 'stxdependencies')::text`
    case 'EVENT TRIGGER':
      return `(pg_catalog.to_jsonb(o) - 'evtowner')::text`
    default:
      return null
  }
}

/**
 * All that stands in its CREATE TABLE and the ALTER TABLEs beside it. Of checks those that are its own: one that is made on its parent
 * later comes to it too. They are compared as trees, which neither a renamed column nor VALIDATE changes.
 */
function table(version: number): string {
  const facts = ['o.reloptions', 'o.relpersistence', 'o.reloftype', ...(version >= 120_000 ? ['o.relam'] : [])]
  return `pg_catalog.concat(ROW(${facts.join(', ')})::text, ${columns('o.oid', version, TABLE_COLUMNS)},
        (SELECT pg_catalog.string_agg(ROW(k.conname, k.conbin)::text, ',' ORDER BY k.conname::text COLLATE pg_catalog."C")
           FROM pg_catalog.pg_constraint k WHERE k.conrelid = o.oid AND k.contype = 'c' AND k.conislocal))`
}

/** A key makes inherited columns NOT NULL; all others are by their table. */
const TABLE_COLUMNS = [
  'a.attnotnull AND a.attinhcount = 0',
  'a.attstorage',
  'a.attoptions',
  'a.attfdwoptions',
  // -1 until 16, since then null.
  'NULLIF(a.attstattarget, -1)',
]

function columns(relation: string, version: number, more: readonly string[] = []): string {
  const since = (number: number, column: string) => (version >= number ? [column] : [])
  const facts = [
    ...more,
    'a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, d.adbin',
    ...since(100_000, 'a.attidentity'),
    ...since(120_000, 'a.attgenerated'),
    ...since(140_000, 'a.attcompression'),
  ]
  return `(SELECT pg_catalog.string_agg(ROW(${facts.join(', ')})::text, ',' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attrelid = ${relation} AND a.attnum > 0 AND NOT a.attisdropped)`
}
