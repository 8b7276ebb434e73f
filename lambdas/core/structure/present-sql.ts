/**
 * Everything of the session's database that has a name, in pg_dump's words: `kind, schema, name`, a row for each, the schema '' where
 * there is none. `name` is the tag that pg_dump gives it (pg_dump.c, `ARCHIVE_OPTS(.tag = …)`): of what belongs to a table the
 * table's name and its own, of functions the signature. Sessions find pg_catalog alone, as pg_dump's own do.
 */
export function presentSql(version: number): string {
  return Object.entries(sources(version))
    .map(([kind, text]) => `SELECT '${kind}'::text, ${text}`)
    .join('\n    UNION ALL\n    ')
}

/** Kinds that presentSql() tells of on a server of this version. */
export function presentKinds(version: number): readonly string[] {
  return Object.keys(sources(version))
}

function sources(version: number): Readonly<Record<string, string>> {
  const since = (number: number, more: Readonly<Record<string, string>>) => (version >= number ? more : {})
  const constraint = onTable('pg_constraint', 'conname', 'conrelid')
  const attached = (kinds: string) =>
    `n.nspname::text, c.relname::text FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN (${kinds}) AND c.relispartition`
  return {
    SCHEMA: unspaced('pg_namespace', 'nspname'),
    EXTENSION: unspaced('pg_extension', 'extname'),
    'EVENT TRIGGER': unspaced('pg_event_trigger', 'evtname'),
    'FOREIGN DATA WRAPPER': unspaced('pg_foreign_data_wrapper', 'fdwname'),
    SERVER: unspaced('pg_foreign_server', 'srvname'),
    'PROCEDURAL LANGUAGE': unspaced('pg_language', 'lanname'),
    TABLE: relations(`'r', 'p'`),
    VIEW: relations(`'v'`),
    'MATERIALIZED VIEW': relations(`'m'`),
    SEQUENCE: relations(`'S'`),
    'FOREIGN TABLE': relations(`'f'`),
    INDEX: relations(`'i', 'I'`),
    TYPE: named('pg_type', 'typname', 'typnamespace'),
    DOMAIN: `${named('pg_type', 'typname', 'typnamespace')} WHERE o.typtype = 'd'`,
    FUNCTION: functions('pg_catalog.oidvectortypes(o.proargtypes)'),
    PROCEDURE: functions('pg_catalog.oidvectortypes(o.proargtypes)'),
    AGGREGATE: functions(`COALESCE(NULLIF(pg_catalog.oidvectortypes(o.proargtypes), ''), '*')`),
    OPERATOR: named('pg_operator', 'oprname', 'oprnamespace'),
    'OPERATOR CLASS': named('pg_opclass', 'opcname', 'opcnamespace'),
    'OPERATOR FAMILY': named('pg_opfamily', 'opfname', 'opfnamespace'),
    CONVERSION: named('pg_conversion', 'conname', 'connamespace'),
    COLLATION: named('pg_collation', 'collname', 'collnamespace'),
    'TEXT SEARCH CONFIGURATION': named('pg_ts_config', 'cfgname', 'cfgnamespace'),
    'TEXT SEARCH DICTIONARY': named('pg_ts_dict', 'dictname', 'dictnamespace'),
    'TEXT SEARCH PARSER': named('pg_ts_parser', 'prsname', 'prsnamespace'),
    'TEXT SEARCH TEMPLATE': named('pg_ts_template', 'tmplname', 'tmplnamespace'),
    CONSTRAINT: constraint,
    'FK CONSTRAINT': constraint,
    // Of a table or of a domain.
    'CHECK CONSTRAINT': `n.nspname::text, pg_catalog.concat_ws(' ', c.relname, t.typname, o.conname)
       FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_namespace n ON n.oid = o.connamespace
       LEFT JOIN pg_catalog.pg_class c ON c.oid = o.conrelid LEFT JOIN pg_catalog.pg_type t ON t.oid = o.contypid`,
    TRIGGER: onTable('pg_trigger', 'tgname', 'tgrelid'),
    RULE: onTable('pg_rewrite', 'rulename', 'ev_class'),
    POLICY: onTable('pg_policy', 'polname', 'polrelid'),
    DEFAULT: `n.nspname::text, pg_catalog.concat_ws(' ', c.relname, a.attname)
       FROM pg_catalog.pg_attrdef o JOIN pg_catalog.pg_class c ON c.oid = o.adrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = o.adrelid AND a.attnum = o.adnum`,
    ...since(100_000, {
      STATISTICS: named('pg_statistic_ext', 'stxname', 'stxnamespace'),
      PUBLICATION: unspaced('pg_publication', 'pubname'),
      'PUBLICATION TABLE': `n.nspname::text, pg_catalog.concat_ws(' ', p.pubname, c.relname)
       FROM pg_catalog.pg_publication_rel o JOIN pg_catalog.pg_publication p ON p.oid = o.prpubid
       JOIN pg_catalog.pg_class c ON c.oid = o.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`,
      'TABLE ATTACH': attached(`'r', 'p', 'f'`),
    }),
    ...since(110_000, { 'INDEX ATTACH': attached(`'i', 'I'`) }),
  }
}

function unspaced(catalogue: string, name: string): string {
  return `'', o.${name}::text FROM pg_catalog.${catalogue} o`
}

function named(catalogue: string, name: string, space: string): string {
  return `n.nspname::text, o.${name}::text FROM pg_catalog.${catalogue} o
       JOIN pg_catalog.pg_namespace n ON n.oid = o.${space}`
}

function relations(kinds: string): string {
  return `${named('pg_class', 'relname', 'relnamespace')} WHERE o.relkind IN (${kinds})`
}

function functions(types: string): string {
  return `n.nspname::text, pg_catalog.concat(o.proname, '(', ${types}, ')')
       FROM pg_catalog.pg_proc o JOIN pg_catalog.pg_namespace n ON n.oid = o.pronamespace
      WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')`
}

function onTable(catalogue: string, name: string, table: string): string {
  return `n.nspname::text, pg_catalog.concat_ws(' ', c.relname, o.${name})
       FROM pg_catalog.${catalogue} o JOIN pg_catalog.pg_class c ON c.oid = o.${table}
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`
}
