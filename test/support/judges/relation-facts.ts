import { identity, isUserSchema, standsAlone } from './session.ts'

const table = identity('pg_class', 'c.oid')
const ours = `${isUserSchema('c.relnamespace')} AND ${standsAlone('pg_class', 'c.oid')}`
const onTable = (oid: string) => `EXISTS (SELECT FROM pg_class c WHERE c.oid = ${oid} AND ${ours})`

/** Queries of `(object, fact)` about tables, views, sequences and what hangs on them. */
export const relationFacts: Readonly<Record<string, string>> = {
  relation: `SELECT ${table} AS object, concat_ws(' ', 'kind', c.relkind, c.relpersistence, 'access', am.amname, 'replica identity', c.relreplident,
      'row security', c.relrowsecurity, c.relforcerowsecurity, 'options', c.reloptions, 'populated', c.relispopulated, 'of', NULLIF(c.reloftype, 0)::regtype,
      'partition by', pg_get_partkeydef(c.oid), 'bound', pg_get_expr(c.relpartbound, c.oid)) AS fact
    FROM pg_class c LEFT JOIN pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND ${ours}`,
  parent: `SELECT ${table} AS object, format('parent %s is %s', i.inhseqno, ${identity('pg_class', 'i.inhparent')}) AS fact
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE ${ours}`,
  column: `SELECT ${table} || ' . ' || quote_ident(a.attname) AS object, concat_ws(' ', format_type(a.atttypid, a.atttypmod), 'not null', a.attnotnull,
      'identity', a.attidentity, 'generated', a.attgenerated, 'default', pg_get_expr(d.adbin, d.adrelid),
      'collation', (SELECT ${identity('pg_collation', 'a.attcollation')} FROM pg_type t WHERE t.oid = a.atttypid AND t.typcollation <> a.attcollation),
      'storage', CASE WHEN c.relkind IN ('r', 'p', 'm') THEN a.attstorage END, 'compression', a.attcompression, 'statistics', NULLIF(a.attstattarget::integer, -1),
      'options', (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\\_attver=%'), 'own', a.attislocal, 'inherited', a.attinhcount) AS fact
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped AND ${ours}`,
  // pg_dump may give an inheritance child another order of columns; nobody else.
  position: `SELECT ${table} AS object, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS fact
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped AND ${ours}
      AND (c.relispartition OR NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)) GROUP BY c.oid`,
  index: `SELECT ${identity('pg_class', 'i.indexrelid')} AS object, concat_ws(' ', pg_get_indexdef(i.indexrelid), 'valid', i.indisvalid, 'clustered', i.indisclustered,
      'replica identity', i.indisreplident, 'part of', (SELECT ${identity('pg_class', 'inhparent')} FROM pg_inherits WHERE inhrelid = i.indexrelid),
      'statistics', (SELECT string_agg(attnum || ':' || attstattarget, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = i.indexrelid AND attstattarget > 0)) AS fact
    FROM pg_index i WHERE ${onTable('i.indrelid')}`,
  // NOT NULL constraints have rows of their own from 18 on; the column's fact tells them on all versions. Clones of foreign keys
  // on partitions get names that differ between versions.
  constraint: `SELECT format('%s on %s', quote_ident(k.conname), coalesce(${identity('pg_class', 'NULLIF(k.conrelid, 0)')}, ${identity('pg_type', 'NULLIF(k.contypid, 0)')})) AS object,
      concat_ws(' ', pg_get_constraintdef(k.oid), 'valid', k.convalidated, 'own', k.conislocal, 'inherited', k.coninhcount, 'no inherit', k.connoinherit AND k.contype = 'c') AS fact
    FROM pg_constraint k WHERE ${isUserSchema('k.connamespace')} AND k.contype NOT IN ('n', 't') AND NOT (k.contype = 'f' AND k.conparentid <> 0)
      AND (k.conrelid = 0 OR ${onTable('k.conrelid')}) AND (k.contypid = 0 OR ${standsAlone('pg_type', 'k.contypid')})`,
  trigger: `SELECT ${identity('pg_trigger', 't.oid')} AS object, concat_ws(' ', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled) AS fact
    FROM pg_trigger t WHERE NOT t.tgisinternal AND ${onTable('t.tgrelid')}`,
  rule: `SELECT ${identity('pg_rewrite', 'r.oid')} AS object, concat_ws(' ', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled) AS fact
    FROM pg_rewrite r WHERE r.rulename <> '_RETURN' AND ${onTable('r.ev_class')}`,
  policy: `SELECT ${identity('pg_policy', 'p.oid')} AS object, concat_ws(' ', p.polcmd, 'permissive', p.polpermissive,
      'roles', (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END, ',' ORDER BY pg_get_userbyid(r)) FROM unnest(p.polroles) r),
      'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)) AS fact
    FROM pg_policy p WHERE ${onTable('p.polrelid')}`,
  view: `SELECT ${table} AS object, pg_get_viewdef(c.oid) AS fact FROM pg_class c WHERE c.relkind IN ('v', 'm') AND ${ours}`,
  // Newer servers print fewer qualifiers in a view's text; what it reads is certain.
  'view reads': `SELECT DISTINCT ${table} AS object, ${identity('pg_depend.refclassid', 'd.refobjid', 'd.refobjsubid').replace("'pg_depend.refclassid'::regclass", 'd.refclassid')} AS fact
    FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class
    WHERE r.rulename = '_RETURN' AND NOT (d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid) AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) AND ${ours}`,
  sequence: `SELECT ${table} AS object, concat_ws(' ', format_type(s.seqtypid, NULL), 'start', s.seqstart, 'by', s.seqincrement, 'from', s.seqmin, 'to', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle,
      'owned by', (SELECT d.deptype::text || ' ' || ${identity('pg_class', 'd.refobjid', 'd.refobjsubid')} FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))) AS fact
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid WHERE ${ours}`,
  statistics: `SELECT ${identity('pg_statistic_ext', 's.oid')} AS object, concat_ws(' ', pg_get_statisticsobjdef(s.oid), 'target', NULLIF(s.stxstattarget::integer, -1)) AS fact
    FROM pg_statistic_ext s WHERE ${isUserSchema('s.stxnamespace')}`,
}
