import { STREAM_NAME } from '../postgres/stream-name.ts'
import { structureBeside } from './structure-beside.ts'

/**
 * Everything that pg_dump would print differently if it were changed, a row for each object: `kind, schema, name, digest`. Tables
 * come with their columns, defaults, parents and bounds. Raw catalogue columns only: what the server prints by its functions
 * (pg_get_viewdef and the like) is of the catalogue as it is now, not of the view that the session reads by.
 *
 * Left out is what changes without a command on the structure: statistics, file nodes, sizes, and the oids of indexes, which
 * REINDEX CONCURRENTLY gives anew.
 */
export function structureSql(serverVersion: number): string {
  return `WITH ${serverVersion >= 100_000 ? `${changedIdentities}, ` : ''}space AS (
    SELECT n.oid, n.nspname::text AS name FROM pg_catalog.pg_namespace n
     WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sampan')
  ), member AS (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
  ), relation AS (
    SELECT c.oid, c.tableoid, ${relationColumns(serverVersion)}, s.name AS space FROM pg_catalog.pg_class c JOIN space s ON s.oid = c.relnamespace
     WHERE c.relkind NOT IN ('i', 'I', 't')
       AND ((c.tableoid, c.oid) NOT IN (SELECT m.classid, m.objid FROM member m)
            -- Their rows are the user's.
            OR c.oid IN (SELECT pg_catalog.unnest(x.extconfig) FROM pg_catalog.pg_extension x))
  ), part(kind, schema, name, content) AS (
    ${parts(serverVersion).join('\n    UNION ALL\n    ')}
  )
  SELECT p.kind, p.schema, p.name, pg_catalog.md5(p.content) AS digest FROM part p`
}

/** One text for the whole of it. */
export function structureDigestSql(serverVersion: number): string {
  return `SELECT pg_catalog.md5(COALESCE(pg_catalog.string_agg(s.line, E'\\n' ORDER BY s.line COLLATE pg_catalog."C"), '')) AS digest
    FROM (SELECT pg_catalog.concat_ws(E'\\t', a.kind, a.schema, a.name, a.digest) AS line
            FROM (${structureSql(serverVersion)}) a) s`
}

function parts(version: number): readonly string[] {
  const since = (number: number, ...texts: readonly string[]) => (version >= number ? texts : [])
  return [
    `SELECT 'schema', n.nspname::text, n.nspname::text, ROW(n.nspowner, n.nspacl)::text
       FROM pg_catalog.pg_namespace n WHERE n.oid IN (SELECT s.oid FROM space s)`,
    relations(version),
    settings(version),
    `SELECT 'constraint', s.name, pg_catalog.concat_ws('.', r.relname, t.typname, k.conname),
            ROW(k.contype, k.condeferrable, k.condeferred, k.convalidated, k.conrelid, k.contypid, k.confrelid, k.conkey, k.confkey,
                k.confupdtype, k.confdeltype, k.confmatchtype, k.connoinherit, k.conislocal, k.coninhcount, k.conexclop, k.conbin
                ${since(180_000, ', k.conenforced, k.conperiod').join('')})::text
       FROM pg_catalog.pg_constraint k JOIN space s ON s.oid = k.connamespace
       LEFT JOIN relation r ON r.oid = k.conrelid LEFT JOIN pg_catalog.pg_type t ON t.oid = k.contypid
      WHERE (r.oid IS NOT NULL OR t.oid IS NOT NULL)`,
    // Those that pg_dump takes: an index that is being built beside, or was given up, is none.
    `SELECT 'index', r.space, c.relname::text,
            ROW(i.indrelid, c.relam, c.reloptions, i.indnatts, i.indkey, i.indisunique, i.indisprimary, i.indisexclusion,
                i.indimmediate, (i.indisreplident AND r.relreplident = 'i'), i.indisclustered, i.indcollation, i.indclass, i.indoption, i.indexprs, i.indpred,
                (SELECT pg_catalog.string_agg(h.inhparent::text, ',') FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid) IS NULL
                ${since(150_000, ', i.indnullsnotdistinct').join('')})::text
       FROM pg_catalog.pg_index i JOIN relation r ON r.oid = i.indrelid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      WHERE (i.indisvalid OR r.relkind = 'p') AND i.indisready`,
    `SELECT 'trigger', r.space, r.relname::text || '.' || t.tgname,
            ROW(t.tgrelid, t.tgfoid, t.tgtype, t.tgenabled, t.tgdeferrable, t.tginitdeferred, t.tgnargs, t.tgattr, t.tgargs, t.tgqual
                ${since(100_000, ', t.tgoldtable, t.tgnewtable').join('')})::text
       FROM pg_catalog.pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal`,
    `SELECT CASE w.rulename WHEN '_RETURN' THEN 'query of the view' ELSE 'rule' END, r.space,
            CASE w.rulename WHEN '_RETURN' THEN r.relname::text ELSE r.relname::text || '.' || w.rulename END,
            ROW(w.ev_class, w.ev_type, w.ev_enabled, w.is_instead, w.ev_qual, w.ev_action)::text
       FROM pg_catalog.pg_rewrite w JOIN relation r ON r.oid = w.ev_class`,
    ...since(
      90_500,
      `SELECT 'policy', r.space, r.relname::text || '.' || p.polname, p::text
         FROM pg_catalog.pg_policy p JOIN relation r ON r.oid = p.polrelid`,
    ),
    `SELECT 'function', s.name, pg_catalog.format('%s(%s)', p.proname, pg_catalog.oidvectortypes(p.proargtypes)),
            pg_catalog.concat(p::text, a::text)
       FROM pg_catalog.pg_proc p JOIN space s ON s.oid = p.pronamespace LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
      WHERE (p.tableoid, p.oid) NOT IN (SELECT m.classid, m.objid FROM member m)`,
    // Composite types are relations; row types of tables and types of arrays are made with what they belong to.
    `SELECT 'type', s.name, t.typname::text, pg_catalog.concat(t::text, g::text,
              (SELECT pg_catalog.string_agg(ROW(e.enumsortorder, e.enumlabel, e.oid)::text, ',' ORDER BY e.enumsortorder)
                 FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid))
       FROM pg_catalog.pg_type t JOIN space s ON s.oid = t.typnamespace LEFT JOIN pg_catalog.pg_range g ON g.rngtypid = t.oid
      WHERE t.typrelid = 0 AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
        AND (t.tableoid, t.oid) NOT IN (SELECT m.classid, m.objid FROM member m)`,
    ...named('operator', 'pg_operator', 'oprname', 'oprnamespace'),
    ...named('operator class', 'pg_opclass', 'opcname', 'opcnamespace'),
    ...named('operator family', 'pg_opfamily', 'opfname', 'opfnamespace'),
    ...named('conversion', 'pg_conversion', 'conname', 'connamespace'),
    ...named('collation', 'pg_collation', 'collname', 'collnamespace'),
    ...named('text search configuration', 'pg_ts_config', 'cfgname', 'cfgnamespace'),
    ...named('text search dictionary', 'pg_ts_dict', 'dictname', 'dictnamespace'),
    ...named('text search parser', 'pg_ts_parser', 'prsname', 'prsnamespace'),
    ...named('text search template', 'pg_ts_template', 'tmplname', 'tmplnamespace'),
    ...since(100_000, ...named('statistics', 'pg_statistic_ext', 'stxname', 'stxnamespace', statistics(version))),
    ...unspaced('language', 'pg_language', 'lanname'),
    ...unspaced('cast', 'pg_cast', 'oid'),
    ...unspaced('foreign data wrapper', 'pg_foreign_data_wrapper', 'fdwname'),
    ...unspaced('foreign server', 'pg_foreign_server', 'srvname'),
    ...unspaced('event trigger', 'pg_event_trigger', 'evtname'),
    ...unspaced('default privileges', 'pg_default_acl', 'oid'),
    ...since(90_500, ...unspaced('transform', 'pg_transform', 'oid')),
    ...since(90_600, ...unspaced('access method', 'pg_am', 'amname')),
    ...since(
      100_000,
      ...unspaced('publication', 'pg_publication', 'pubname', `o.pubname !~ '${STREAM_NAME.source}'`),
      ...unspaced(
        'publication',
        'pg_publication_rel',
        'oid',
        `o.prpubid NOT IN (SELECT b.oid FROM pg_catalog.pg_publication b WHERE b.pubname ~ '${STREAM_NAME.source}')`,
      ),
    ),
    ...since(150_000, ...unspaced('publication', 'pg_publication_namespace', 'oid')),
    `SELECT 'user mapping', NULL, u.srvname::text || ' ' || u.usename, u::text FROM pg_catalog.pg_user_mappings u`,
    `SELECT 'extension', NULL, x.extname::text, ROW(x.extversion, x.extnamespace, x.extowner, x.extconfig, x.extcondition)::text FROM pg_catalog.pg_extension x`,
    ...['pg_amop:amopfamily', 'pg_amproc:amprocfamily', 'pg_ts_config_map:mapcfg'].map((catalogue) =>
      members(catalogue),
    ),
    // One for all: which object it is on would have to be looked up in every catalogue.
    `SELECT 'comments', NULL, 'all', pg_catalog.string_agg(d::text, ',' ORDER BY d.classoid, d.objoid, d.objsubid)
       FROM pg_catalog.pg_description d WHERE (d.objoid >= 16384 OR d.objoid = 2200) AND d.classoid <> 'pg_catalog.pg_largeobject'::pg_catalog.regclass
         ${since(100_000, 'AND (d.classoid, d.objoid) NOT IN (SELECT m.classid, m.objid FROM changed m)').join('')}`,
    ...structureBeside(),
  ]
}

/** What following has changed on tables stands in the comment of its publication (stream/identities.ts), and passes with it. */
const changedIdentities = `changed AS (
    SELECT p.tableoid AS classid, p.oid AS objid, d.description AS identities
      FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_description d ON d.classoid = p.tableoid AND d.objoid = p.oid
     WHERE p.pubname ~ '${STREAM_NAME.source}'
  )`
/** The replica identity that a table has but for that. */
const OWN_IDENTITY = `COALESCE((SELECT pg_catalog.min(pg_catalog.substring(m.identities, pg_catalog.concat(' ', c.oid, '=(.)>', c.relreplident))) FROM changed m), c.relreplident::text)`

/** By name: before 12 an oid is not among all columns of a catalogue. */
function relationColumns(version: number): string {
  return [
    `${version >= 100_000 ? OWN_IDENTITY : 'c.relreplident'} AS relreplident`,
    'c.relname, c.relkind, c.reloftype, c.relowner, c.relpersistence, c.relam, c.reloptions, c.relacl, c.relispopulated',
    ...(version >= 90_500 ? ['c.relrowsecurity, c.relforcerowsecurity'] : []),
    ...(version >= 100_000 ? ['c.relpartbound'] : []),
  ].join(', ')
}

/** Tables, views, sequences, foreign tables and composite types, with their columns: what their rows and values are made of. */
function relations(version: number): string {
  const columns = [
    'a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attisdropped, a.attislocal, a.attinhcount, a.attcollation, d.adbin',
    ...(version >= 100_000 ? ['a.attidentity'] : []),
    ...(version >= 120_000 ? ['a.attgenerated'] : []),
  ].join(', ')
  const own = [
    'r.oid, r.relkind, r.reloftype, r.relpersistence, r.relam, r.relispopulated, k.columns, f.ftserver, f.ftoptions',
    `(SELECT pg_catalog.string_agg(ROW(h.inhparent, h.inhseqno)::text, ',' ORDER BY h.inhseqno) FROM pg_catalog.pg_inherits h WHERE h.inhrelid = r.oid)`,
    `(SELECT pg_catalog.string_agg(ROW(o.refobjid, o.refobjsubid)::text, ',') FROM pg_catalog.pg_depend o
       WHERE r.relkind = 'S' AND o.classid = r.tableoid AND o.objid = r.oid AND o.objsubid = 0 AND o.deptype IN ('a', 'i')
         AND o.refclassid = r.tableoid)`,
    ...(version >= 100_000 ? ['r.relpartbound, p::text, q::text'] : []),
  ].join(', ')
  const joins =
    version >= 100_000
      ? `LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = r.oid LEFT JOIN pg_catalog.pg_sequence q ON q.seqrelid = r.oid`
      : ''
  return `SELECT CASE r.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                 WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type' ELSE 'table' END,
            r.space, r.relname::text, ROW(${own})::text
       FROM relation r ${joins}
       LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = r.oid
       LEFT JOIN (${columnsOf(columns, 'LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum')}) k ON k.attrelid = r.oid`
}

/** What else is said of them, which their rows do not depend on: a row of its own, so that a GRANT is told from a new column. */
function settings(version: number): string {
  const columns = [
    'a.attnum, a.attstattarget, a.attstorage, a.attacl, a.attfdwoptions',
    // A hidden option of some minor versions that no server reads back.
    `CASE WHEN a.attoptions IS NOT NULL THEN ARRAY(SELECT o FROM pg_catalog.unnest(a.attoptions) o WHERE pg_catalog.left(o, 10) <> 'pg_attver=') END`,
    ...(version >= 140_000 ? ['a.attcompression'] : []),
  ].join(', ')
  const own = [
    'r.oid, r.relowner, r.relreplident, r.reloptions, r.relacl, k.columns',
    ...(version >= 90_500 ? ['r.relrowsecurity, r.relforcerowsecurity'] : []),
  ].join(', ')
  return `SELECT 'rights and settings', r.space, r.relname::text, ROW(${own})::text
       FROM relation r LEFT JOIN (${columnsOf(columns)}) k ON k.attrelid = r.oid`
}

/** One digest of the columns of each relation. */
function columnsOf(columns: string, join = ''): string {
  return `SELECT a.attrelid, pg_catalog.md5(pg_catalog.string_agg(ROW(${columns})::text, ',' ORDER BY a.attnum)) AS columns
                    FROM pg_catalog.pg_attribute a ${join}
                   WHERE a.attnum > 0 AND a.attrelid IN (SELECT x.oid FROM relation x WHERE x.relkind <> 'S')
                   GROUP BY a.attrelid`
}

/** A catalogue whose objects have a schema. */
function named(kind: string, catalogue: string, name: string, space: string, content = 'o::text'): string[] {
  return [
    `SELECT '${kind}', s.name, o.${name}::text, ${content} FROM pg_catalog.${catalogue} o JOIN space s ON s.oid = o.${space}
      WHERE (o.tableoid, o.oid) NOT IN (SELECT m.classid, m.objid FROM member m)`,
  ]
}

/** Until 12 ANALYZE writes what it has found into the same row; since then pg_statistic_ext_data has it. */
function statistics(version: number): string {
  if (version >= 120_000) return 'o::text'
  return 'ROW(o.oid, o.stxrelid, o.stxname, o.stxnamespace, o.stxowner, o.stxkeys, o.stxkind)::text'
}

/** A catalogue whose objects have none. Those of initdb come with every server. */
function unspaced(kind: string, catalogue: string, name: string, where = 'true'): string[] {
  return [
    `SELECT '${kind}', NULL, o.${name}::text, o::text FROM pg_catalog.${catalogue} o
      WHERE o.oid >= 16384 AND (o.tableoid, o.oid) NOT IN (SELECT m.classid, m.objid FROM member m) AND ${where}`,
  ]
}

/** What families and configurations are made of, a row for each of them. */
function members(text: string): string {
  const [catalogue = '', owner = ''] = text.split(':')
  return `SELECT 'parts of ${catalogue}', NULL, o.${owner}::text, pg_catalog.string_agg(o::text, ',' ORDER BY o::text)
       FROM pg_catalog.${catalogue} o WHERE o.${owner} >= 16384 GROUP BY o.${owner}`
}
