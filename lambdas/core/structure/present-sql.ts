import { definitionOf } from './definition-sql.ts'

/** A catalogue's objects of one kind: where they are read, and what they are called there. */
interface Source {
  readonly schema: string
  readonly name: string
  readonly from: string
}

/**
 * Everything of the session's database that has a name, in pg_dump's words: `kind, schema, name`, a row for each, the schema '' where
 * there is none. `name` is the tag that pg_dump gives it (pg_dump.c, `ARCHIVE_OPTS(.tag = …)`): of what belongs to a table the
 * table's name and its own, of functions the signature. Sessions find pg_catalog alone, as pg_dump's own do.
 */
export function presentSql(version: number): string {
  return Object.entries(sources(version))
    .map(([kind, { schema, name, from }]) => `SELECT '${kind}'::text, ${schema}, ${name} ${from}`)
    .join('\n    UNION ALL\n    ')
}

/** Kinds that presentSql() tells of on a server of this version. */
export function presentKinds(version: number): readonly string[] {
  return Object.keys(sources(version))
}

/** The same with a digest of each one's definition and of what is said of it and its columns, of the kinds that have one: `kind, schema, name, digest`. */
export function definedSql(version: number): string {
  return Object.entries(sources(version))
    .flatMap(([kind, { schema, name, from }]) => {
      const definition = definitionOf(kind, version)
      return definition === null
        ? []
        : [
            `SELECT '${kind}'::text, ${schema}, ${name}, pg_catalog.md5(pg_catalog.concat(${definition}, ${COMMENTS})) ${from}`,
          ]
    })
    .join('\n    UNION ALL\n    ')
}

const COMMENTS = `(SELECT pg_catalog.string_agg(ROW(said.objsubid, said.description)::text, ',' ORDER BY said.objsubid)
        FROM pg_catalog.pg_description said WHERE said.objoid = o.oid AND said.classoid = o.tableoid)`

function sources(version: number): Readonly<Record<string, Source>> {
  const since = (number: number, more: Readonly<Record<string, Source>>) => (version >= number ? more : {})
  const attached = (kinds: string) => ({
    schema: 'n.nspname::text',
    name: 'c.relname::text',
    from: `FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN (${kinds}) AND c.relispartition`,
  })
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
    // Not of tables, which are as many again.
    TYPE: where(named('pg_type', 'typname', 'typnamespace'), `NOT ${IS_OF_TABLE}`),
    DOMAIN: where(named('pg_type', 'typname', 'typnamespace'), `o.typtype = 'd'`),
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
    // pg_dump 18 has NOT NULL that is not validated as one of them.
    CONSTRAINT: constraint(`'p', 'u', 'x', 'n'`),
    'FK CONSTRAINT': constraint(`'f'`),
    // Of a table or of a domain.
    'CHECK CONSTRAINT': {
      schema: 'n.nspname::text',
      name: `pg_catalog.concat_ws(' ', c.relname, t.typname, o.conname)`,
      from: `FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_namespace n ON n.oid = o.connamespace
       LEFT JOIN pg_catalog.pg_class c ON c.oid = o.conrelid LEFT JOIN pg_catalog.pg_type t ON t.oid = o.contypid
      WHERE o.contype = 'c'`,
    },
    TRIGGER: onTable('pg_trigger', 'tgname', 'tgrelid'),
    RULE: onTable('pg_rewrite', 'rulename', 'ev_class'),
    POLICY: onTable('pg_policy', 'polname', 'polrelid'),
    DEFAULT: {
      schema: 'n.nspname::text',
      name: `pg_catalog.concat_ws(' ', c.relname, a.attname)`,
      from: `FROM pg_catalog.pg_attrdef o JOIN pg_catalog.pg_class c ON c.oid = o.adrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = o.adrelid AND a.attnum = o.adnum`,
    },
    ...since(100_000, {
      STATISTICS: named('pg_statistic_ext', 'stxname', 'stxnamespace'),
      PUBLICATION: unspaced('pg_publication', 'pubname'),
      'PUBLICATION TABLE': {
        schema: 'n.nspname::text',
        name: `pg_catalog.concat_ws(' ', p.pubname, c.relname)`,
        from: `FROM pg_catalog.pg_publication_rel o JOIN pg_catalog.pg_publication p ON p.oid = o.prpubid
       JOIN pg_catalog.pg_class c ON c.oid = o.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`,
      },
      'TABLE ATTACH': attached(`'r', 'p', 'f'`),
    }),
    ...since(110_000, { 'INDEX ATTACH': attached(`'i', 'I'`) }),
  }
}

function unspaced(catalogue: string, name: string): Source {
  return { schema: `''::text`, name: `o.${name}::text`, from: `FROM pg_catalog.${catalogue} o` }
}

function named(catalogue: string, name: string, space: string): Source {
  return {
    schema: 'n.nspname::text',
    name: `o.${name}::text`,
    from: `FROM pg_catalog.${catalogue} o JOIN pg_catalog.pg_namespace n ON n.oid = o.${space}`,
  }
}

function where(source: Source, condition: string): Source {
  return { ...source, from: `${source.from} WHERE ${condition}` }
}

function constraint(kinds: string): Source {
  return where(onTable('pg_constraint', 'conname', 'conrelid'), `o.contype IN (${kinds})`)
}

/** A table's row type, or the array of one. */
const IS_OF_TABLE = `EXISTS (
        SELECT FROM pg_catalog.pg_type r JOIN pg_catalog.pg_class c ON c.oid = r.typrelid AND c.relkind <> 'c'
         WHERE r.oid IN (o.oid, o.typelem))`

function relations(kinds: string): Source {
  return where(named('pg_class', 'relname', 'relnamespace'), `o.relkind IN (${kinds}) AND n.nspname !~ '^pg_'`)
}

function functions(types: string): Source {
  return {
    schema: 'n.nspname::text',
    name: `pg_catalog.concat(o.proname, '(', ${types}, ')')`,
    from: `FROM pg_catalog.pg_proc o JOIN pg_catalog.pg_namespace n ON n.oid = o.pronamespace
      WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')`,
  }
}

function onTable(catalogue: string, name: string, table: string): Source {
  return {
    schema: 'n.nspname::text',
    name: `pg_catalog.concat_ws(' ', c.relname, o.${name})`,
    from: `FROM pg_catalog.${catalogue} o JOIN pg_catalog.pg_class c ON c.oid = o.${table}
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`,
  }
}
