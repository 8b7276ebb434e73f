/**
 * Who owns what, who may do what with it, and what decides whose rights count, as a WITH clause for a query of `rights`: a row for
 * each object of the user's, the same at both ends. `catalogue, oid, made_in, made_of, kind, identity, owner, acl, columns, traits, of_table`:
 *
 * - `kind`, `identity`: as pg_identify_object writes them, the same at both ends.
 * - `acl`: text[] of `["SELECT", "rapp", false]`: the right, whose it is (`o` the owner's, `p` everybody's, `r…` a role's), and whether it may
 *   be given on. Null: what such an object has by itself.
 * - `columns`: the same of single columns, with the column's name as a fourth element.
 * - `traits`: row security, security_invoker, SECURITY DEFINER …; of a policy what it is and does.
 * - `made_of`, in the catalogue `made_in`: what came along with something else, by itself, has rights of its own and no place in the
 *   archive: a range type's functions, its multirange before 17, a table's row type, members of extensions; `of_table`: a policy's table.
 *
 * Of a member of an extension `acl` is never null, and `traits` are the rights that it was born with, `born ["EXECUTE", "p", false]`.
 * @param members those of all extensions, or those alone whose rights somebody has changed since
 */
export function rightsSql(version: number, which: 'all' | 'given' = 'all', members: 'all' | 'changed' = 'all'): string {
  return `WITH space AS (
    SELECT n.oid, n.nspname::text AS name FROM pg_catalog.pg_namespace n
     WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'sampan')
  ), member AS (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
  ), rights(catalogue, oid, made_in, made_of, kind, identity, owner, acl, columns, traits, of_table) AS (
  ${(which === 'all' ? parts(version, members) : GIVEN).join('\n  UNION ALL\n  ')}
  )`
}

function parts(version: number, members: 'all' | 'changed'): readonly string[] {
  const since = (number: number, ...texts: readonly string[]) => (version >= number ? texts : [])
  return [
    relations(version),
    functions(version),
    types(version),
    part('pg_language', 'o.lanowner', { acl: ['o.lanacl', `'l'`], where: USERS }),
    part('pg_foreign_data_wrapper', 'o.fdwowner', { acl: ['o.fdwacl', `'F'`], where: USERS }),
    part('pg_foreign_server', 'o.srvowner', { acl: ['o.srvacl', `'S'`], where: USERS }),
    part('pg_operator', 'o.oprowner', { where: `AND ${inSpace('o.oprnamespace')}` }),
    part('pg_opclass', 'o.opcowner', { where: `AND ${inSpace('o.opcnamespace')}` }),
    part('pg_opfamily', 'o.opfowner', { where: `AND ${inSpace('o.opfnamespace')}` }),
    part('pg_collation', 'o.collowner', { where: `AND ${inSpace('o.collnamespace')}` }),
    part('pg_conversion', 'o.conowner', { where: `AND ${inSpace('o.connamespace')}` }),
    part('pg_ts_config', 'o.cfgowner', { where: `AND ${inSpace('o.cfgnamespace')}` }),
    part('pg_ts_dict', 'o.dictowner', { where: `AND ${inSpace('o.dictnamespace')}` }),
    ...since(100_000, part('pg_statistic_ext', 'o.stxowner', { where: `AND ${inSpace('o.stxnamespace')}` })),
    part('pg_event_trigger', 'o.evtowner', { where: USERS }),
    ...since(100_000, part('pg_publication', 'o.pubowner', { where: USERS })),
    `SELECT o.tableoid, o.oid, NULL::oid, NULL::oid, 'large object', o.oid::text, pg_catalog.pg_get_userbyid(o.lomowner)::text,
         ${aclOf('o.lomacl', `'L'`, 'o.lomowner')}, NULL::text[], NULL::text[], NULL::oid
    FROM pg_catalog.pg_largeobject_metadata o`,
    ...GIVEN,
    ...since(90_500, policies()),
    ...since(90_600, ofExtensions(members)),
  ]
}

const USERS = 'AND o.oid >= 16384'

function inSpace(column: string): string {
  return `${column} IN (SELECT s.oid FROM space s)`
}

interface PartOptions {
  /** The column, and the letter that `acldefault` knows the kind by. */
  readonly acl?: readonly [column: string, letter: string]
  readonly columns?: string
  readonly traits?: string
  readonly madeIn?: string
  readonly madeOf?: string
  readonly where: string
}

function part(catalogue: string, owner: string, options: PartOptions): string {
  const { acl, columns = 'NULL::text[]', traits = 'NULL::text[]', where } = options
  const { madeIn = 'NULL::oid', madeOf = 'NULL::oid' } = options
  return `SELECT o.tableoid, o.oid, ${madeIn}, ${madeOf}, i.type, i.identity, pg_catalog.pg_get_userbyid(${owner})::text,
         ${acl === undefined ? 'NULL::text[]' : aclOf(acl[0], acl[1], owner)}, ${columns}, ${traits}, NULL::oid
    FROM pg_catalog.${catalogue} o CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.tableoid, o.oid, 0) i
   WHERE (o.tableoid, o.oid) NOT IN (SELECT m.classid, m.objid FROM member m) ${where}`
}

/** Null where nobody has changed anything, or it came to the same. */
function aclOf(acl: string, letter: string, owner: string): string {
  const standard = `pg_catalog.acldefault(${letter}::"char", ${owner})`
  return `CASE WHEN ${acl} IS NOT NULL THEN NULLIF(${itemsOf(acl, owner)}, ${itemsOf(standard, owner)}) END`
}

/** Who gave a right is left out: the owner stands for whoever gave it on the source. A role that is gone has none. */
function itemsOf(acl: string, owner: string, column?: string): string {
  const more = column === undefined ? '' : `, ${column}`
  return `ARRAY(SELECT DISTINCT pg_catalog.json_build_array(e.privilege_type,
           CASE e.grantee WHEN 0 THEN 'p' WHEN ${owner} THEN 'o' ELSE 'r' || g.rolname END, e.is_grantable${more})::text COLLATE pg_catalog."C"
           FROM pg_catalog.aclexplode(${acl}) e LEFT JOIN pg_catalog.pg_roles g ON g.oid = e.grantee
          WHERE e.grantee = 0 OR g.rolname IS NOT NULL ORDER BY 1)`
}

function relations(version: number): string {
  const option = (name: string) => `o.relkind = 'v' AND (SELECT pg_catalog.bool_or(x.option_value::boolean)
           FROM pg_catalog.pg_options_to_table(o.reloptions) x WHERE x.option_name = '${name}')`
  const traits = [
    ...(version >= 90_500
      ? [
          ['row security', 'o.relrowsecurity'],
          ['forced row security', 'o.relforcerowsecurity'],
        ]
      : []),
    ['security_invoker', option('security_invoker')],
    ['security_barrier', option('security_barrier')],
  ]
  // A column's rights are its own: of all columns without any nothing is asked.
  const columns = `CASE WHEN o.relkind <> 'S' THEN NULLIF(ARRAY(SELECT c.item FROM pg_catalog.pg_attribute a
           CROSS JOIN LATERAL pg_catalog.unnest(${itemsOf('a.attacl', 'o.relowner', 'a.attname')}) AS c(item)
          WHERE a.attrelid = o.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped ORDER BY c.item COLLATE pg_catalog."C"), '{}'::text[]) END`
  return part('pg_class', 'o.relowner', {
    acl: ['o.relacl', `CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END`],
    columns,
    traits: `pg_catalog.array_remove(ARRAY[${traits.map(([name, condition]) => `CASE WHEN ${condition} THEN '${name}' END`).join(', ')}], NULL)`,
    where: `AND ${inSpace('o.relnamespace')} AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND o.relpersistence <> 't'`,
  })
}

function functions(version: number): string {
  const range =
    version >= 140_000
      ? `COALESCE((SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid = d.refobjid), d.refobjid)`
      : 'd.refobjid'
  return part('pg_proc', 'o.proowner', {
    acl: ['o.proacl', `'f'`],
    traits: `CASE WHEN o.prosecdef THEN ARRAY['security definer'] ELSE '{}'::text[] END`,
    madeIn: `'pg_catalog.pg_type'::pg_catalog.regclass`,
    madeOf: `(SELECT ${range} FROM pg_catalog.pg_depend d WHERE d.classid = o.tableoid AND d.objid = o.oid AND d.deptype = 'i'
            AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass LIMIT 1)`,
    where: `AND ${inSpace('o.pronamespace')}`,
  })
}

/** Types of arrays have no rights of their own, nor have multiranges from 17 on. Of the row types of tables only those are read that have. */
function types(version: number): string {
  const multiranges = version >= 140_000 && version < 170_000
  const ofRange = '(SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid = o.oid)'
  const isRow = `EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = o.typrelid AND c.relkind <> 'c')`
  return part('pg_type', 'o.typowner', {
    acl: ['o.typacl', `'T'`],
    madeIn: `CASE WHEN ${isRow} THEN 'pg_catalog.pg_class'::pg_catalog.regclass${multiranges ? ` WHEN o.typtype = 'm' THEN o.tableoid` : ''} END`,
    madeOf: `CASE WHEN ${isRow} THEN o.typrelid${multiranges ? ` WHEN o.typtype = 'm' THEN ${ofRange}` : ''} END`,
    where: `AND ${inSpace('o.typnamespace')} AND o.typtype IN ('b', 'c', 'd', 'e', 'r'${multiranges ? `, 'm'` : ''})
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = o.oid) AND (o.typacl IS NOT NULL OR NOT ${isRow})`,
  })
}

function policies(): string {
  const role = `CASE r.id WHEN 0 THEN 'p' ELSE 'r' || g.rolname END`
  return `SELECT o.tableoid, o.oid, NULL::oid, NULL::oid, i.type, i.identity, NULL,
         ARRAY(SELECT pg_catalog.json_build_array('TO', ${role}, false)::text COLLATE pg_catalog."C"
                 FROM pg_catalog.unnest(o.polroles) AS r(id) LEFT JOIN pg_catalog.pg_roles g ON g.oid = r.id
                WHERE r.id = 0 OR g.rolname IS NOT NULL ORDER BY 1),
         NULL::text[],
         ARRAY[CASE WHEN (pg_catalog.to_jsonb(o) ->> 'polpermissive') = 'false' THEN 'restrictive' ELSE 'permissive' END,
               'command ' || o.polcmd::text,
               'text ' || pg_catalog.md5(pg_catalog.concat(pg_catalog.pg_get_expr(o.polqual, o.polrelid), ' / ',
                                                           pg_catalog.pg_get_expr(o.polwithcheck, o.polrelid)))], o.polrelid
    FROM pg_catalog.pg_policy o CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.tableoid, o.oid, 0) i`
}

/** pg_dump looks at what has other rights than it was born with (pg_init_privs, 9.6 and later); columns are not compared. */
function ofExtensions(members: 'all' | 'changed'): string {
  const catalogue = (name: string, acl: string, owner: string, letter: string, where = 'true') =>
    `SELECT o.tableoid AS class, o.oid, ${owner} AS owner, o.${acl} AS acl, ${letter}::"char" AS letter FROM pg_catalog.${name} o WHERE ${where}`
  const all = [
    catalogue(
      'pg_class',
      'relacl',
      'o.relowner',
      `CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END`,
      `o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`,
    ),
    catalogue('pg_proc', 'proacl', 'o.proowner', `'f'`),
    catalogue('pg_type', 'typacl', 'o.typowner', `'T'`),
    catalogue('pg_namespace', 'nspacl', 'o.nspowner', `'n'`),
    catalogue('pg_language', 'lanacl', 'o.lanowner', `'l'`),
    catalogue('pg_foreign_data_wrapper', 'fdwacl', 'o.fdwowner', `'F'`),
    catalogue('pg_foreign_server', 'srvacl', 'o.srvowner', `'S'`),
  ]
  const standard = 'pg_catalog.acldefault(m.letter, m.owner)'
  const now = itemsOf(`COALESCE(m.acl, ${standard})`, 'm.owner')
  const born = itemsOf(`COALESCE(b.initprivs, ${standard})`, 'm.owner')
  return `SELECT m.class, m.oid, d.refclassid, d.refobjid, i.type, i.identity, NULL, r.acl, NULL::text[],
         ARRAY(SELECT 'born ' || item FROM pg_catalog.unnest(r.born) AS item), NULL::oid
    FROM (${all.join(' UNION ALL ')}) m
    JOIN pg_catalog.pg_depend d ON d.classid = m.class AND d.objid = m.oid AND d.deptype = 'e'
    LEFT JOIN pg_catalog.pg_init_privs b ON b.classoid = m.class AND b.objoid = m.oid AND b.objsubid = 0
    CROSS JOIN LATERAL (SELECT ${now} AS acl, ${born} AS born OFFSET 0) r
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(m.class, m.oid, 0) i
   WHERE ${members === 'all' ? 'true' : 'm.acl IS DISTINCT FROM b.initprivs AND r.acl <> r.born'}`
}

/** Of what may be on a destination before anything is migrated. */
const GIVEN: readonly string[] = [
  part('pg_namespace', 'o.nspowner', { acl: ['o.nspacl', `'n'`], where: `AND ${inSpace('o.oid')}` }),
  `SELECT o.tableoid, o.oid, NULL::oid, NULL::oid, 'database', 'database', pg_catalog.pg_get_userbyid(o.datdba)::text,
       ${aclOf('o.datacl', `'d'`, 'o.datdba')}, NULL::text[], NULL::text[], NULL::oid
  FROM pg_catalog.pg_database o WHERE o.datname = pg_catalog.current_database()`,
  `SELECT o.tableoid, o.oid, NULL::oid, NULL::oid, 'default privileges',
       pg_catalog.json_build_array(pg_catalog.pg_get_userbyid(o.defaclrole)::text, n.nspname::text, o.defaclobjtype::text)::text, NULL,
       ${itemsOf('o.defaclacl', 'o.defaclrole')}, NULL::text[], NULL::text[], NULL::oid
  FROM pg_catalog.pg_default_acl o LEFT JOIN pg_catalog.pg_namespace n ON n.oid = o.defaclnamespace`,
]

/** What everybody and the owner have on such an object as long as nobody has said anything. */
export function standardSql(from: string): string {
  const letter = `CASE WHEN ${from}.kind IN ('function', 'procedure', 'aggregate') THEN 'f' WHEN ${from}.kind = 'type' THEN 'T'
    WHEN ${from}.kind = 'sequence' THEN 's' WHEN ${from}.kind = 'schema' THEN 'n' WHEN ${from}.kind = 'database' THEN 'd'
    WHEN ${from}.kind = 'language' THEN 'l' WHEN ${from}.kind = 'foreign-data wrapper' THEN 'F' WHEN ${from}.kind = 'server' THEN 'S'
    WHEN ${from}.kind = 'large object' THEN 'L'
    WHEN ${from}.kind IN ('table', 'view', 'materialized view', 'foreign table') THEN 'r'
    WHEN ${from}.kind = 'default privileges' AND (${from}.identity::json) ->> 1 IS NULL
      THEN CASE (${from}.identity::json) ->> 2 WHEN 'S' THEN 's' ELSE (${from}.identity::json) ->> 2 END END`
  // Any owner will do.
  return `ARRAY(SELECT pg_catalog.json_build_array(d.privilege_type, CASE d.grantee WHEN 0 THEN 'p' ELSE 'o' END, d.is_grantable)::text
                  FROM pg_catalog.aclexplode(pg_catalog.acldefault((${letter})::"char", 10)) d)`
}
