-- $1 run, $2 the relations whose rows are copied.
INSERT INTO sampan.relation (run, oid, schema, name, columns, types, has_key, tree, bytes, pages, object, condition, filtered, expressions, behind,
                             destination_schema, destination_name, destination_columns, excluded, reads, beside)
SELECT $1, r.oid, r.schema, r.name, r.columns, r.types, r."hasKey", COALESCE(r.tree, false), r.bytes, r.pages, r.object,
       r."where", COALESCE(r.filtered, false), r.expressions, COALESCE(r.behind, '{}'),
       NULLIF(r.there ->> 'schema', r.schema), NULLIF(r.there ->> 'name', r.name),
       NULLIF(ARRAY(SELECT c.name FROM pg_catalog.jsonb_array_elements_text(r.there -> 'columns') WITH ORDINALITY AS c(name, at) ORDER BY c.at),
              CASE WHEN r.there IS NULL THEN '{}' ELSE r.columns END),
       COALESCE(r.excluded, '{}'), COALESCE(r.reads, '[]'), r.beside
  FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS r(
    oid oid, schema text, name text, columns text[], types text[], "hasKey" boolean, tree boolean, bytes bigint, pages bigint, object integer,
    "where" text, filtered boolean, expressions text[], behind oid[], there jsonb, excluded text[], reads jsonb, beside jsonb)
