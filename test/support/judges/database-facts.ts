import { identity, isUserSchema, standsAlone } from './session.ts'

const grants = (catalogue: string, oid: string, kind: string, acl: string, owner: string, from: string) => `
  SELECT ${identity(catalogue, oid)} AS object, format('%s may %s%s', CASE g.grantee WHEN 0 THEN 'PUBLIC' WHEN ${owner} THEN 'the owner' ELSE pg_get_userbyid(g.grantee) END,
      g.privilege_type, CASE WHEN g.is_grantable THEN ' and grant it' END) AS fact
    FROM ${from} CROSS JOIN LATERAL aclexplode(coalesce(${acl}, acldefault(${kind}, ${owner}))) g`
// From 17 on the owner of a table has one right more, which an older source cannot speak of.
const spoken = `WHERE g.privilege_type <> 'MAINTAIN'`

/** Queries of `(object, fact)` about schemas, extensions, rights, comments and what belongs to the database as a whole. */
export const databaseFacts: Readonly<Record<string, string>> = {
  schema: `SELECT quote_ident(nspname) AS object, 'exists' AS fact FROM pg_namespace n WHERE ${isUserSchema('n.oid')} AND ${standsAlone('pg_namespace', 'n.oid')}`,
  // Not the version: a migration installs the one that the destination ships.
  extension: `SELECT quote_ident(e.extname) AS object, 'in ' || quote_ident(n.nspname) AS fact FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace`,
  language: `SELECT quote_ident(l.lanname) AS object, concat_ws(' ', l.lanpltrusted, NULLIF(l.lanplcallfoid, 0)::regproc, NULLIF(l.laninline, 0)::regproc, NULLIF(l.lanvalidator, 0)::regproc) AS fact FROM pg_language l WHERE l.oid >= 16384 AND ${standsAlone('pg_language', 'l.oid')}`,
  transform: `SELECT ${identity('pg_transform', 't.oid')} AS object, concat_ws(' ', t.trffromsql, t.trftosql) AS fact FROM pg_transform t WHERE ${standsAlone('pg_transform', 't.oid')}`,
  'access method': `SELECT quote_ident(a.amname) AS object, concat_ws(' ', a.amtype, a.amhandler) AS fact FROM pg_am a WHERE a.oid >= 16384 AND ${standsAlone('pg_am', 'a.oid')}`,
  foreign: `SELECT 'wrapper ' || quote_ident(f.fdwname) AS object, concat_ws(' ', NULLIF(f.fdwhandler, 0)::regproc, NULLIF(f.fdwvalidator, 0)::regproc, md5(f.fdwoptions::text)) AS fact FROM pg_foreign_data_wrapper f WHERE ${standsAlone('pg_foreign_data_wrapper', 'f.oid')}
    UNION ALL SELECT 'server ' || quote_ident(s.srvname), concat_ws(' ', f.fdwname, s.srvtype, s.srvversion, md5(s.srvoptions::text)) FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw
    UNION ALL SELECT format('user mapping %s on %s', u.usename, u.srvname), md5(u.umoptions::text) FROM pg_user_mappings u
    UNION ALL SELECT ${identity('pg_class', 't.ftrelid')}, concat_ws(' ', s.srvname, t.ftoptions) FROM pg_foreign_table t JOIN pg_foreign_server s ON s.oid = t.ftserver`,
  'event trigger': `SELECT quote_ident(e.evtname) AS object, concat_ws(' ', e.evtevent, e.evtfoid::regprocedure, 'enabled', e.evtenabled, e.evttags) AS fact FROM pg_event_trigger e WHERE ${standsAlone('pg_event_trigger', 'e.oid')}`,
  publication: `SELECT quote_ident(p.pubname) AS object, concat_ws(' ', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot,
      (SELECT string_agg(${identity('pg_publication_rel', 'r.oid')} || coalesce(pg_get_expr(r.prqual, r.prrelid), '') || coalesce(r.prattrs::text, ''), ', ' ORDER BY ${identity('pg_publication_rel', 'r.oid')}) FROM pg_publication_rel r WHERE r.prpubid = p.oid),
      (SELECT string_agg(n.nspname, ', ' ORDER BY n.nspname) FROM pg_publication_namespace pn JOIN pg_namespace n ON n.oid = pn.pnnspid WHERE pn.pnpubid = p.oid)) AS fact FROM pg_publication p`,
  comment: `SELECT format('%s %s', i.type, i.identity) AS object, d.description AS fact
    FROM pg_description d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    WHERE d.objoid >= 16384 AND i.schema IS DISTINCT FROM 'sampan' AND i.identity NOT LIKE 'sampan%' AND i.type <> 'extension'
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')`,
  'security label': `SELECT format('%s %s', s.objtype, s.objname) AS object, concat_ws(' ', s.provider, s.label) AS fact FROM pg_seclabels s`,
  right: `${grants('pg_class', 'c.oid', `CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"`, 'c.relacl', 'c.relowner', 'pg_class c')} ${spoken}
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${isUserSchema('c.relnamespace')} AND ${standsAlone('pg_class', 'c.oid')}
    UNION ALL SELECT ${identity('pg_class', 'a.attrelid', 'a.attnum')}, format('%s may %s%s', coalesce(NULLIF(g.grantee, 0)::regrole::text, 'PUBLIC'), g.privilege_type, CASE WHEN g.is_grantable THEN ' and grant it' END)
      FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) g WHERE a.attrelid >= 16384 AND NOT a.attisdropped AND a.attrelid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    UNION ALL ${grants('pg_proc', 'p.oid', `'f'`, 'p.proacl', 'p.proowner', 'pg_proc p')} WHERE ${isUserSchema('p.pronamespace')} AND ${standsAlone('pg_proc', 'p.oid')}
    UNION ALL ${grants('pg_namespace', 'n.oid', `'n'`, 'n.nspacl', 'n.nspowner', 'pg_namespace n')} WHERE ${isUserSchema('n.oid')}
    UNION ALL ${grants('pg_type', 't.oid', `'T'`, 't.typacl', 't.typowner', 'pg_type t')} WHERE t.typacl IS NOT NULL AND ${isUserSchema('t.typnamespace')} AND ${standsAlone('pg_type', 't.oid')}
    UNION ALL ${grants('pg_largeobject', 'l.oid', `'L'`, 'l.lomacl', 'l.lomowner', 'pg_largeobject_metadata l')}
    UNION ALL ${grants('pg_foreign_server', 's.oid', `'S'`, 's.srvacl', 's.srvowner', 'pg_foreign_server s')}`,
  'default right': `SELECT concat_ws(' ', d.defaclobjtype, 'in', n.nspname) AS object, format('%s may %s%s', CASE g.grantee WHEN 0 THEN 'PUBLIC' WHEN d.defaclrole THEN 'the owner' ELSE pg_get_userbyid(g.grantee) END,
      g.privilege_type, CASE WHEN g.is_grantable THEN ' and grant it' END) AS fact
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace CROSS JOIN LATERAL aclexplode(d.defaclacl) g ${spoken}`,
}

const owner = (catalogue: string, oid: string, role: string, from: string, where = 'true') =>
  `SELECT ${identity(catalogue, oid)} AS object, 'belongs to ' || pg_get_userbyid(${role}) AS fact FROM ${from} WHERE ${where}`

/** Owners, apart: a migration by a plain account may not be able to keep them. */
export const ownerFacts: Readonly<Record<string, string>> = {
  owner: [
    owner(
      'pg_class',
      'c.oid',
      'c.relowner',
      'pg_class c',
      `c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${isUserSchema('c.relnamespace')}`,
    ),
    owner(
      'pg_proc',
      'p.oid',
      'p.proowner',
      'pg_proc p',
      `${isUserSchema('p.pronamespace')} AND ${standsAlone('pg_proc', 'p.oid')}`,
    ),
    owner(
      'pg_type',
      't.oid',
      't.typowner',
      'pg_type t',
      `${isUserSchema('t.typnamespace')} AND ${standsAlone('pg_type', 't.oid')}`,
    ),
    owner('pg_namespace', 'n.oid', 'n.nspowner', 'pg_namespace n', isUserSchema('n.oid')),
  ].join(' UNION ALL '),
}
