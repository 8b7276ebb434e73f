-- What is said of the source's extensions, with the tag that pg_dump gives the comment.
SELECT 'EXTENSION ' || pg_catalog.quote_ident(x.extname) AS tag, x.extname::text AS name, d.description AS comment
  FROM pg_catalog.pg_extension x
  JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.objoid = x.oid AND d.objsubid = 0
