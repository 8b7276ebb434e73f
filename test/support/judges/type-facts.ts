import { identity, isUserSchema, standsAlone } from './session.ts'

const ours = (catalogue: string, alias: string, schema: string) =>
  `${isUserSchema(`${alias}.${schema}`)} AND ${standsAlone(catalogue, `${alias}.oid`)}`
const routine = identity('pg_proc', 'p.oid')
const type = identity('pg_type', 't.oid')

/** Queries of `(object, fact)` about types, routines, operators and the like. */
export const typeFacts: Readonly<Record<string, string>> = {
  // Without the types that come along with others: array types, the row types of relations, multiranges.
  type: `SELECT ${type} AS object, concat_ws(' ', t.typtype, t.typcategory, 'defined', t.typisdefined, 'delimiter', t.typdelim, 'length', t.typlen, 'storage', t.typstorage,
      'base', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END, 'not null', t.typnotnull, 'default', t.typdefault,
      'collation', NULLIF(t.typcollation, 0)::regcollation,
      'labels', (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
      'range of', (SELECT concat_ws(' ', rngsubtype::regtype, NULLIF(rngcollation, 0)::regcollation, NULLIF(rngcanonical, 0)::regproc, NULLIF(rngsubdiff, 0)::regproc, rngmultitypid::regtype) FROM pg_range WHERE rngtypid = t.oid),
      'functions', CASE WHEN t.typtype = 'b' THEN concat_ws(' ', t.typinput, t.typoutput, t.typreceive, t.typsend) END) AS fact
    FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE ${ours('pg_type', 't', 'typnamespace')} AND (t.typrelid = 0 OR c.relkind = 'c') AND NOT (t.typlen = -1 AND t.typelem <> 0 AND t.typcategory = 'A') AND t.typtype <> 'm'`,
  routine: `SELECT ${routine} AS object, pg_get_functiondef(p.oid) AS fact
    FROM pg_proc p WHERE p.prokind IN ('f', 'p', 'w') AND p.prosqlbody IS NULL AND ${ours('pg_proc', 'p', 'pronamespace')}`,
  // BEGIN ATOMIC: the server prints the body anew, in its version's way.
  'parsed routine': `SELECT ${routine} AS object, pg_get_functiondef(p.oid) AS fact
    FROM pg_proc p WHERE p.prosqlbody IS NOT NULL AND ${ours('pg_proc', 'p', 'pronamespace')}`,
  aggregate: `SELECT ${routine} AS object, concat_ws(' ', 'returns', format_type(p.prorettype, NULL), pg_get_function_arguments(p.oid), p.proparallel, a.aggkind, a.aggnumdirectargs, 'step', a.aggtransfn, 'final', a.aggfinalfn,
      a.aggfinalextra, a.aggfinalmodify, 'combine', a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, 'moving', a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn, 'state', a.aggtranstype::regtype, a.agginitval,
      'sort', NULLIF(a.aggsortop, 0)::regoperator) AS fact
    FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid WHERE ${ours('pg_proc', 'p', 'pronamespace')}`,
  operator: `SELECT ${identity('pg_operator', 'o.oid')} AS object, concat_ws(' ', o.oprcode, o.oprresult::regtype, 'commutator', NULLIF(o.oprcom, 0)::regoperator, 'negator', NULLIF(o.oprnegate, 0)::regoperator,
      'restrict', o.oprrest, 'join', o.oprjoin, 'merges', o.oprcanmerge, 'hashes', o.oprcanhash) AS fact
    FROM pg_operator o WHERE ${ours('pg_operator', 'o', 'oprnamespace')}`,
  'operator class': `SELECT ${identity('pg_opclass', 'o.oid')} AS object, concat_ws(' ', ${identity('pg_opfamily', 'o.opcfamily')}, o.opcintype::regtype, 'default', o.opcdefault, 'keeps', NULLIF(o.opckeytype, 0)::regtype) AS fact
    FROM pg_opclass o WHERE ${ours('pg_opclass', 'o', 'opcnamespace')}`,
  'operator family': `SELECT ${identity('pg_opfamily', 'f.oid')} AS object, concat_ws(' ', x.member) AS fact
    FROM pg_opfamily f LEFT JOIN LATERAL (
      SELECT format('%s %s (%s, %s) %s %s', a.amopstrategy, a.amopopr::regoperator, a.amoplefttype::regtype, a.amoprighttype::regtype, a.amoppurpose, NULLIF(a.amopsortfamily, 0)) FROM pg_amop a WHERE a.amopfamily = f.oid
      UNION ALL SELECT format('%s %s (%s, %s)', p.amprocnum, p.amproc::regprocedure, p.amproclefttype::regtype, p.amprocrighttype::regtype) FROM pg_amproc p WHERE p.amprocfamily = f.oid) x (member) ON true
    WHERE ${ours('pg_opfamily', 'f', 'opfnamespace')}`,
  cast: `SELECT ${identity('pg_cast', 'c.oid')} AS object, concat_ws(' ', NULLIF(c.castfunc, 0)::regprocedure, c.castcontext, c.castmethod) AS fact
    FROM pg_cast c WHERE c.oid >= 16384 AND ${standsAlone('pg_cast', 'c.oid')}`,
  collation: `SELECT ${identity('pg_collation', 'c.oid')} AS object, concat_ws(' ', c.collprovider, c.collisdeterministic, c.collencoding, c.collcollate, c.collctype) AS fact
    FROM pg_collation c WHERE ${ours('pg_collation', 'c', 'collnamespace')}`,
  conversion: `SELECT ${identity('pg_conversion', 'c.oid')} AS object, concat_ws(' ', pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc, c.condefault) AS fact
    FROM pg_conversion c WHERE ${ours('pg_conversion', 'c', 'connamespace')}`,
  'text search': `SELECT ${identity('pg_ts_config', 'c.oid')} AS object, concat_ws(' ', 'configuration', c.cfgparser, (SELECT string_agg(concat_ws(' ', m.maptokentype, m.mapseqno, m.mapdict::regdictionary), ', ' ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = c.oid)) AS fact
      FROM pg_ts_config c WHERE ${ours('pg_ts_config', 'c', 'cfgnamespace')}
    UNION ALL SELECT ${identity('pg_ts_dict', 'd.oid')}, concat_ws(' ', 'dictionary', ${identity('pg_ts_template', 'd.dicttemplate')}, d.dictinitoption) FROM pg_ts_dict d WHERE ${ours('pg_ts_dict', 'd', 'dictnamespace')}
    UNION ALL SELECT ${identity('pg_ts_parser', 'p.oid')}, concat_ws(' ', 'parser', p.prsstart, p.prstoken, p.prsend, p.prslextype) FROM pg_ts_parser p WHERE ${ours('pg_ts_parser', 'p', 'prsnamespace')}
    UNION ALL SELECT ${identity('pg_ts_template', 't.oid')}, concat_ws(' ', 'template', t.tmplinit, t.tmpllexize) FROM pg_ts_template t WHERE ${ours('pg_ts_template', 't', 'tmplnamespace')}`,
}
