SELECT c.oid, c.relispopulated AS populated, pg_catalog.pg_table_size(c.oid)::float8 AS bytes
  FROM pg_catalog.pg_class c WHERE c.relkind = 'm'
